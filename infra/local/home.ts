/**
 * A home: one machine as another place to deploy the app, with a loopback AWS in front of real processes. Everything it
 * knows is in its data folder, so a closed home resumes where it was.
 */
import { EventEmitter } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAssembly } from './cloudformation/assembly.ts';
import { deployStack, madeOf } from './cloudformation/engine.ts';
import { compute } from './cloudformation/providers/compute.ts';
import { data } from './cloudformation/providers/data.ts';
import { dns } from './cloudformation/providers/dns.ts';
import { names } from './cloudformation/providers/names.ts';
import type { Ec2Options } from './ec2/index.ts';
import { zonesOf } from './ec2/index.ts';
import { openFolder } from './home/folder.ts';
import { chooseNetwork, endpointPort } from './home/network.ts';
import { publishAssets, publishRelease } from './home/publish.ts';
import { releaseOffer } from './home/releases.ts';
import { closeServices, openServices, type Services, startServices } from './home/services.ts';
import type { Credentials } from './wire/callers.ts';
import type { HomeContext } from './wire/service.ts';

export interface HomeOptions {
  readonly folder: string;
  /** False: open without starting the instances that are there; `close` then ends whatever is left of them. */
  readonly resume?: boolean;
  /** Where it throws, the instance never boots: a rehearsal of broken user data. */
  readonly beforeBoot?: Ec2Options['beforeBoot'];
}

export interface DeployOptions {
  /** Called when the cluster's bucket was made, before anything that needs what lies in it. */
  readonly bucketReady?: (bucket: string) => Promise<void>;
}

export interface HomeInstance {
  readonly instanceId: string;
  readonly address: string;
  readonly zone: string;
  readonly state: string;
}

export interface Home {
  /** `http://127.A.B.1:4566` */
  readonly endpoint: string;
  /** The operator's. */
  readonly credentials: Credentials;
  readonly context: HomeContext;
  readonly services: Services;
  /** Of the last deployment. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Deploys every stack of the assembly; resolves to their outputs. @throws Error naming the resource that failed. */
  deploy(assembly: string, options?: DeployOptions): Promise<Readonly<Record<string, string>>>;
  publishRelease(bucket: string, version: string, path: string, sha256: string): Promise<void>;
  /** Those that are not terminated, oldest first. */
  instances(): Promise<readonly HomeInstance[]>;
  /** Ends all processes and leaves the data. */
  close(): Promise<void>;
}

const region = 'eu-west-1';
const account = '123456789012';

/** @throws Fault `InvalidInput` while another process has the folder. */
export async function openHome({ folder, resume = true, beforeBoot }: HomeOptions): Promise<Home> {
  const opened = openFolder(folder);
  try {
    const network = await chooseNetwork(opened.database, folder);
    const context: HomeContext = {
      folder,
      database: opened.database,
      region,
      account,
      network,
      endpoint: `http://${network}.1:${endpointPort}`,
      log: (line) => appendFileSync(join(folder, 'home.log'), `${new Date().toISOString()} ${line}\n`),
      events: new EventEmitter({ captureRejections: false }).setMaxListeners(0),
    };
    const services = await openServices(context, beforeBoot);
    for (const bucket of madeOf(context, 'AWS::S3::Bucket')) offerReleases(context, services, bucket);
    if (resume) await startServices(services);
    return homeOf(context, services, () => opened.close());
  } catch (error) {
    opened.close();
    throw error;
  }
}

function homeOf(context: HomeContext, services: Services, closeFolder: () => void): Home {
  let outputs: Readonly<Record<string, string>> = {};
  let closing: Promise<void> | undefined;
  return {
    endpoint: context.endpoint,
    credentials: services.operator,
    context,
    services,
    get outputs() {
      return outputs;
    },
    async deploy(assembly, options = {}) {
      outputs = await deployAssembly(context, services, assembly, options);
      return outputs;
    },
    publishRelease: (bucket, version, path, sha256) => publishRelease(services.s3.store, bucket, version, path, sha256),
    instances: async () =>
      services.ec2
        .instances()
        .filter(({ state }) => state !== 'terminated')
        .map(({ instanceId, address, zone, state }) => ({ instanceId, address, zone, state })),
    close() {
      closing ??= closeServices(services).finally(closeFolder);
      return closing;
    },
  };
}

async function deployAssembly(
  context: HomeContext,
  services: Services,
  assembly: string,
  { bucketReady }: DeployOptions,
): Promise<Readonly<Record<string, string>>> {
  const outputs: Record<string, string> = {};
  for (const stack of readAssembly(assembly)) {
    await publishAssets(services.s3.store, stack.assets, context);
    const { network, autoscaling, lambda, dynamodbClient, s3, ssm, monitoring, states } = services;
    const caller = services.callers.callerOf(services.operator.accessKeyId);
    const custom = services.customResources.provider;
    const customTypes = Object.values(stack.template.Resources).map(({ Type }) => Type);
    const made = await deployStack(context, stack, {
      providers: {
        ...names,
        ...compute({ network, autoscaling, lambda, account: context.account, assets: stack.assets }),
        ...dns(services.route53.zones),
        ...data({ context, dynamodb: dynamodbClient, objects: s3.store, ssm, monitoring, states, caller }),
        ...Object.fromEntries(customTypes.filter((type) => type.startsWith('Custom::')).map((type) => [type, custom])),
        'AWS::CloudFormation::CustomResource': custom,
      },
      zones: zonesOf(context.region),
      parameterValue: ssm.parameters.value,
      made: async (type, physicalId) => {
        if (type !== 'AWS::S3::Bucket') return;
        offerReleases(context, services, physicalId);
        await bucketReady?.(physicalId);
      },
    });
    Object.assign(outputs, made);
  }
  return outputs;
}

function offerReleases({ log }: HomeContext, { s3 }: Services, bucket: string): void {
  s3.store.offer(bucket, releaseOffer(s3.store, bucket, log));
}
