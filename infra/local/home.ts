/**
 * A home: one machine as another place to deploy the app, with a loopback AWS in front of real processes. Everything it
 * knows is in its data folder, so a closed home resumes where it was.
 */
import { EventEmitter } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ec2Options } from './ec2/index.ts';
import { createDeployment, type DeployOptions, type Outputs } from './home/deployment.ts';
import { openFolder } from './home/folder.ts';
import { chooseNetwork, endpointPort } from './home/network.ts';
import { publishRelease } from './home/publish.ts';
import { type HomeInstance, type HomeRegion, openRegions, type Regions, type Services } from './home/regions.ts';
import type { Links } from './links/index.ts';
import type { Credentials } from './wire/callers.ts';
import type { HomeContext } from './wire/service.ts';

export type { HomeInstance, HomeRegion } from './home/regions.ts';

export interface HomeOptions {
  readonly folder: string;
  /** False: open without starting the instances that are there; `close` then ends whatever is left of them. */
  readonly resume?: boolean;
  /** Where it throws, the instance never boots: a rehearsal of broken user data. */
  readonly beforeBoot?: Ec2Options['beforeBoot'];
  /**
   * True: what instances say to each other can be delayed and cut from the first region on, and not only from the second on. An instance that was
   * started without stays so until its etcd is started again.
   */
  readonly links?: boolean;
}

export interface Home {
  /** `http://127.A.B.1:4566`, of all regions. */
  readonly endpoint: string;
  /** The operator's. */
  readonly credentials: Credentials;
  /** Of the first region. */
  readonly context: HomeContext;
  /** Of the first region. */
  readonly services: Services;
  /** Delays between its regions, and cuts. */
  readonly links: Links;
  /** Of the stacks in the first region, from their last deployments. */
  readonly outputs: Outputs;
  /** By name of the stack. */
  readonly stackOutputs: Readonly<Record<string, Outputs>>;
  /** Deploys the stacks of the assembly; resolves to `outputs`. @throws Error naming the resource that failed. */
  deploy(assembly: string, options?: DeployOptions): Promise<Outputs>;
  /**
   * Deletes what a stack has made, but for what is to be retained.
   * @throws Error where the stack is protected, with nothing changed, or naming the resources that failed to delete; the stack keeps them and
   * what they need, and can only be deleted again
   */
  destroyStack(name: string): Promise<void>;
  /** As UpdateTerminationProtection does it; the next deployment sets it as the assembly has it. @throws Error for no stack's name */
  protectStack(name: string, terminationProtection: boolean): void;
  publishRelease(bucket: string, version: string, path: string, sha256: string): Promise<void>;
  /** Of the first region: those that are not terminated, oldest first. */
  instances(): Promise<readonly HomeInstance[]>;
  /** Opens the region where it is not; the home then has it for good. @throws Fault `InvalidInput` for no region's name */
  region(name: string): Promise<HomeRegion>;
  /** Those that are open, in the order in which they were first opened. */
  regions(): readonly HomeRegion[];
  /** Ends all processes and leaves the data. */
  close(): Promise<void>;
}

const firstRegion = 'eu-west-1';
const account = '123456789012';

/** @throws Fault `InvalidInput` while another process has the folder. */
export async function openHome({ folder, resume = true, ...options }: HomeOptions): Promise<Home> {
  const opened = openFolder(folder);
  let closed = false;
  const close = () => {
    closed = true;
    opened.close();
  };
  try {
    const network = await chooseNetwork(opened.database, folder);
    const context: HomeContext = {
      folder,
      database: opened.database,
      region: firstRegion,
      account,
      network,
      endpoint: `http://${network}.1:${endpointPort}`,
      log(line) {
        // A request that was cut off by closing may be given up only after that, when the folder may be gone.
        if (!closed) appendFileSync(join(folder, 'home.log'), `${new Date().toISOString()} ${line}\n`);
      },
      events: new EventEmitter({ captureRejections: false }).setMaxListeners(0),
    };
    return homeOf(await openRegions(context, { resume, ...options }), close);
  } catch (error) {
    close();
    throw error;
  }
}

function homeOf(regions: Regions, closeFolder: () => void): Home {
  const { context, services, instances } = regions.first;
  const deployment = createDeployment(regions);
  let closing: Promise<void> | undefined;
  return {
    endpoint: context.endpoint,
    credentials: services.operator,
    context,
    services,
    links: services.links,
    get outputs() {
      return deployment.outputs;
    },
    get stackOutputs() {
      return deployment.stacks;
    },
    async deploy(assembly, options = {}) {
      await deployment.deploy(assembly, options);
      return deployment.outputs;
    },
    destroyStack: deployment.destroy,
    protectStack: deployment.protect,
    publishRelease: (bucket, version, path, sha256) => publishRelease(services.s3.store, bucket, version, path, sha256),
    instances,
    region: regions.open,
    regions: regions.all,
    close() {
      closing ??= regions.close().finally(closeFolder);
      return closing;
    },
  };
}
