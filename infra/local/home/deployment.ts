/**
 * Deploys assemblies to the regions of a home, and deletes their stacks: each stack to the region of its environment, those
 * that do not depend on each other at the same time. Outputs are kept as long as the home is open.
 */
import { readAssembly, type Stack } from '../cloudformation/assembly.ts';
import { deployStack } from '../cloudformation/engine.ts';
import { inOrder } from '../cloudformation/order.ts';
import { removeStack } from '../cloudformation/removal.ts';
import { made } from '../cloudformation/resources.ts';
import { noteStack } from '../cloudformation/stacks.ts';
import { zonesOf } from '../ec2/index.ts';
import { providersOf } from './providers.ts';
import { publishAssets } from './publish.ts';
import type { HomeRegion, Regions } from './regions.ts';
import { offerReleases } from './releases.ts';

export interface DeployOptions {
  /** Called when the cluster's bucket was made, before anything that needs what lies in it. */
  readonly bucketReady?: (bucket: string) => Promise<void>;
  /** Names of stacks; absent: all. What they depend on is taken to be there. */
  readonly only?: readonly string[];
}

export type Outputs = Readonly<Record<string, string>>;

export interface Deployment {
  /** By name of the stack; of those that this process has deployed. */
  readonly stacks: Readonly<Record<string, Outputs>>;
  /** Of the stacks in the first region. */
  readonly outputs: Outputs;
  /** @throws Error naming the resources that failed; what does not depend on them is deployed. */
  deploy(assembly: string, options: DeployOptions): Promise<void>;
  /** @throws Error where there is no such stack, or it is protected, or naming the resources that failed to delete. */
  destroy(name: string): Promise<void>;
  /** @throws Error where there is no such stack. */
  protect(name: string, terminationProtection: boolean): void;
}

export function createDeployment(regions: Regions): Deployment {
  const deployed = new Map<string, { readonly region: string; readonly outputs: Outputs }>();
  const first = regions.first.name;

  async function deployOne(stack: Stack, { bucketReady }: DeployOptions): Promise<void> {
    const region = await regions.open(stack.region ?? first);
    const { context, services } = region;
    const { store } = services.s3;
    await publishAssets(store, stack.assets, context);
    const types = Object.values(stack.template.Resources).map(({ Type }) => Type);
    const outputs = await deployStack(context, stack, {
      providers: providersOf(region, types, stack.assets),
      zones: zonesOf(context.region),
      parameterValue: services.ssm.parameters.value,
      made: async (type, physicalId) => {
        if (type !== 'AWS::S3::Bucket') return;
        offerReleases(context, store, physicalId);
        await bucketReady?.(physicalId);
      },
    });
    deployed.set(stack.name, { region: region.name, outputs });
  }

  function regionOf(stack: string): HomeRegion {
    const region = regions.all().find((one) => stacksIn(one).includes(stack));
    if (region !== undefined) return region;
    const known = regions.all().flatMap(stacksIn).join(', ');
    throw new Error(`this home has no stack ${stack}; it has ${known || 'none'}`);
  }

  return {
    get stacks() {
      return Object.fromEntries([...deployed].map(([name, { outputs }]) => [name, outputs]));
    },
    get outputs() {
      const own = [...deployed.values()].filter(({ region }) => region === first);
      return Object.assign({}, ...own.map(({ outputs }) => outputs));
    },
    async deploy(assembly, options) {
      const stacks = readAssembly(assembly);
      const chosen = new Map(choose(stacks, options.only).map((stack) => [stack.name, stack]));
      // Also regions of stacks that are not deployed yet: AWS has them, with nothing in them.
      for (const { region } of stacks) await regions.open(region ?? first);
      const running = new Map<string, Promise<void>>();
      for (const name of inOrder([...chosen.keys()], (one) => chosen.get(one)?.after ?? [])) {
        const stack = chosen.get(name);
        if (stack === undefined) continue;
        const before = stack.after.map((needed) => running.get(needed));
        running.set(
          name,
          Promise.all(before).then(() => deployOne(stack, options)),
        );
      }
      const ended = await Promise.allSettled(running.values());
      const failed = ended.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
    },
    async destroy(name) {
      const region = regionOf(name);
      const types = made(region.context).flatMap(({ stackName, type }) => (stackName === name ? [type] : []));
      await removeStack(region.context, name, providersOf(region, types, []));
      deployed.delete(name);
    },
    protect(name, terminationProtection) {
      noteStack(regionOf(name).context, name, { terminationProtection });
    },
  };
}

/** @throws Error naming what the assembly does not have */
function choose(stacks: readonly Stack[], only: readonly string[] | undefined): readonly Stack[] {
  const names = stacks.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`the assembly has no stack ${unknown}; it has ${names.join(', ')}`);
  return stacks.filter(({ name }) => only?.includes(name) ?? true);
}

function stacksIn({ context }: HomeRegion): readonly string[] {
  return [...new Set(made(context).map(({ stackName }) => stackName))];
}
