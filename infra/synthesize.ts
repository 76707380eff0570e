/**
 * Writes the cloud assembly. `cdk synth` comes here through app.ts; the local home and tests call it as
 * `node infra/synthesize.ts --outdir DIR --settings JSON --bundles DIR`.
 */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { App, Aspects } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Fault } from '#etcd/faults.ts';
import { type Bundles, bundlesIn } from './bundles.ts';
import { ClusterStack } from './clusterStack.ts';
import { stackNames } from './names.ts';
import { connectNetworks } from './network.ts';
import { OtherRegionStack } from './otherRegionStack.ts';
import { PeeringStack } from './peeringStack.ts';
import { writeBills } from './release/write.ts';
import { parseSettings, type Settings, settingsFromContext } from './settings.ts';

/**
 * The app with its stacks, checked by cdk-nag's AwsSolutions pack when it is synthesized.
 * @param bundles a folder with the bundles of these sources, or an empty one for them; absent: one of its own
 */
export function createApp(settings: Settings | undefined, outdir?: string, bundles = temporaryFolder()): App {
  const app = new App({ analyticsReporting: false, ...(outdir !== undefined && { outdir }) });
  const chosen = settings ?? parseSettings(settingsFromContext(contextOf(app)));
  createStacks(app, chosen, bundlesIn(bundles));
  Aspects.of(app).add(new AwsSolutionsChecks({ verbose: true }));
  writeBills(bundles, app.outdir);
  return app;
}

/** One stack for a cluster in one region; for two, one in each and one that connects them. */
function createStacks(app: App, settings: Settings, bundles: Bundles): void {
  const { cluster, home, regions } = settings;
  const shared = { settings, bundles };
  // An existing VPC is looked up, which needs to know where.
  const lookUp = (regions ?? [home]).some(({ vpcId }) => vpcId !== undefined) ? { env: environmentOf() } : {};
  if (regions === undefined) {
    new ClusterStack(app, stackNames.home(cluster), { ...shared, ...lookUp });
    return;
  }
  const [{ region: homeRegion }, { region: otherRegion }] = regions;
  // A deletion that is refused half-way leaves a stack that AWS lets nobody update; one of a protected stack changes nothing.
  const each = { ...shared, terminationProtection: true };
  const atHome = { env: { ...lookUp.env, region: homeRegion } };
  const elsewhere = { env: { ...lookUp.env, region: otherRegion } };
  const first = new ClusterStack(app, stackNames.home(cluster), { ...each, ...atHome });
  const other = new OtherRegionStack(app, stackNames.other(cluster, otherRegion), {
    ...each,
    ...elsewhere,
    regions,
    homeNetwork: first.network,
  });
  connectNetworks(regions, first.network, other.network);
  const networks = [first.network, other.network] as const;
  const peering = new PeeringStack(app, stackNames.peering(cluster), { ...each, ...atHome, regions, networks });
  peering.addStackDependency(first);
  peering.addStackDependency(other);
}

/** Assets are copied from it into the assembly. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function contextOf(app: App): Record<string, unknown> {
  return app.node.getAllContext() as Record<string, unknown>;
}

function environmentOf(): { account: string; region: string } {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  if (account === undefined || region === undefined) {
    throw new Fault(
      'InvalidInput',
      'the vpcId of the settings needs AWS credentials and a region, so that the VPC can be looked up',
    );
  }
  return { account, region };
}

function main(): void {
  const options = { outdir: { type: 'string' }, settings: { type: 'string' }, bundles: { type: 'string' } } as const;
  const { outdir = 'cdk.out', settings = '{}', bundles } = parseArgs({ options }).values;
  const parsed = parseSettings(JSON.parse(settings));
  if (bundles === undefined || existsSync(bundles)) createApp(parsed, outdir, bundles).synth();
  else withFreshBundles(bundles, (fresh) => createApp(parsed, outdir, fresh).synth());
}

/** They are made beside their place and moved there whole; another process may have been faster. */
function withFreshBundles(folder: string, synth: (fresh: string) => void): void {
  const fresh = `${folder}.${process.pid}`;
  try {
    synth(fresh);
    if (!existsSync(folder)) moved(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function moved(fresh: string, folder: string): void {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

if (import.meta.main) main();
