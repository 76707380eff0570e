/**
 * EC2: instances as processes of this machine, launch templates, and networks that can be described and peered. What it does
 * not do: RunInstances by hand, stopping and starting, images, making networks by API (CloudFormation does), what networks do
 * to traffic (instances talk over loopback, whatever routes and security groups say).
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { sessionArn } from '../iam/access.ts';
import type { InstanceLinks } from '../links/index.ts';
import type { ObjectStore } from '../s3/store.ts';
import type { Callers } from '../wire/callers.ts';
import { type Documents, documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { forgotten, type Instance, type LaunchSpecification } from './instance.ts';
import { createMachine, type Machine } from './machine.ts';
import { ec2Operations } from './operations.ts';
import { templateOperations } from './templateOperations.ts';
import { type PeeringParts, peeringOperations } from './vpc/peeringOperations.ts';
import { routeOperations } from './vpc/routeOperations.ts';
import { vpcOperations } from './vpc/vpcOperations.ts';

export { zonesOf } from './operations.ts';

export interface Ec2 extends Service {
  /** Oldest first; terminated ones as long as EC2 shows them. */
  instances(): readonly Instance[];
  machine(instanceId: string): Machine | null;
  /** Launches one instance; it is `pending` at first. */
  launch(specification: LaunchSpecification, place: Place): Instance;
  terminate(instanceId: string, reason: string): Promise<void>;
  /** The machine fails: its processes end by SIGKILL, its disk is gone, and EC2 says that it is terminated. */
  lose(instanceId: string): Promise<void>;
  /** Ends its processes and starts them again on the same disk. */
  reboot(instanceId: string): Promise<void>;
  /** Changes what instance metadata says of Auto Scaling's intent and of spot interruptions. */
  announce(instanceId: string, notice: Partial<Pick<Instance, 'targetLifecycleState' | 'spotAction'>>): void;
  /** Called after each change of an instance's state. */
  onChange(listener: (instance: Instance) => void): void;
  /** Starts the machines that were running when the home was closed. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Place {
  readonly zone: string;
  readonly subnetId: string;
  readonly vpcId: string;
}

export interface Ec2Options {
  readonly objects: ObjectStore;
  readonly callers: Callers;
  readonly links: InstanceLinks;
  /** What user data reads, it reads as the instance's role. @throws AwsError where that may not */
  readonly mayRead: (arn: string, bucket: string, key: string) => void;
  /** Runs before user data; where it throws, the instance runs without ever having booted, as with broken user data on EC2. */
  readonly beforeBoot?: (instance: Instance) => void | Promise<void>;
  readonly networks: PeeringParts;
}

const firstHost = 10;
const lastHost = 250;

export function createEc2(context: HomeContext, options: Ec2Options): Ec2 {
  const table: Documents<Instance> = documents(context.database, 'ec2_instances');
  const machines = new Map<string, Machine>();
  const listeners: ((instance: Instance) => void)[] = [];
  const ending = new Map<string, Promise<void>>();

  let closing = false;

  function find(instanceId: string): Instance {
    const instance = table.get(instanceId);
    if (instance === null || forgotten(instance, Date.now()))
      throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
    return instance;
  }

  function all(): readonly Instance[] {
    const gone = table.all().filter((instance) => forgotten(instance, Date.now()));
    for (const { instanceId } of gone) table.delete(instanceId);
    return table.all();
  }

  function change(instanceId: string, changes: Partial<Instance>): void {
    const before = find(instanceId);
    const changed = { ...before, ...changes };
    table.put(instanceId, changed);
    context.events.emit('change', { topic: 'instances', id: instanceId });
    if (changed.state !== before.state) for (const listener of listeners) listener(changed);
  }

  function machineOf(instanceId: string): Machine {
    const get = (bucket: string, key: string) => {
      options.mayRead(sessionOf(context, find(instanceId)), bucket, key);
      return options.objects.get(bucket, key);
    };
    return createMachine(
      context,
      options.links,
      { get, read: options.objects.read },
      {
        region: context.region,
        account: context.account,
        instance: () => find(instanceId),
        credentials: () => options.callers.credentialsOf(sessionOf(context, find(instanceId))),
      },
    );
  }

  async function run(instanceId: string): Promise<void> {
    if (closing) return;
    const { state, rebooting } = find(instanceId);
    if (state !== 'pending' && state !== 'running') return;
    const machine = machineOf(instanceId);
    machines.set(instanceId, machine);
    // EC2 says `running` before user data has run.
    if (state === 'pending') change(instanceId, { state: 'running' });
    try {
      await options.beforeBoot?.(find(instanceId));
      await machine.boot();
      if (closing) return;
      if (find(instanceId).state === 'running') change(instanceId, { booted: true });
    } catch (error) {
      if (closing) return;
      context.log(`${instanceId}: boot failed: ${(error as Error).message}`);
      change(instanceId, { booted: false, stateReason: (error as Error).message });
    }
    if (rebooting) await reboot(instanceId);
  }

  async function reboot(instanceId: string): Promise<void> {
    const { state } = find(instanceId);
    if (state !== 'running') return;
    change(instanceId, { rebooting: true });
    context.log(`${instanceId}: reboots`);
    await machines.get(instanceId)?.reboot();
    if (!closing) change(instanceId, { rebooting: false });
  }

  function freeAddress(): string {
    const taken = new Set(all().flatMap(({ state, address }) => (state === 'terminated' ? [] : [address])));
    const last = Number(all().at(-1)?.address.split('.')[3] ?? firstHost - 1);
    // Round robin, so that an address is not used again soon after its instance was terminated.
    for (let step = 1; step <= lastHost - firstHost + 1; step++) {
      const host = firstHost + ((last - firstHost + step) % (lastHost - firstHost + 1));
      const address = `${context.network}.${host}`;
      if (!taken.has(address)) return address;
    }
    throw new AwsError(
      'InsufficientFreeAddressesInSubnet',
      `All ${lastHost - firstHost + 1} addresses of ${context.network}.0/24 are in use.`,
    );
  }

  function end(instanceId: string, reason: string, how: 'stop' | 'cutPower'): Promise<void> {
    const { state } = find(instanceId);
    if (state === 'terminated') return Promise.resolve();
    const running = ending.get(instanceId);
    if (running !== undefined) return running;
    const done = (async () => {
      change(instanceId, { state: 'shutting-down', stateReason: reason });
      // Without one, the home was closed while it ended: what is left of it ends now.
      const machine = machines.get(instanceId) ?? machineOf(instanceId);
      await machine[how]();
      machines.delete(instanceId);
      rmSync(machine.root, { recursive: true, force: true });
      change(instanceId, { state: 'terminated', terminatedAt: new Date().toISOString() });
      options.links.forget(instanceId);
    })().finally(() => ending.delete(instanceId));
    ending.set(instanceId, done);
    return done;
  }

  function tag(id: string, tags: Instance['tags']): void {
    const { vpcs, peerings } = options.networks;
    if (id.startsWith('pcx-')) peerings.addTags(id, context.region, tags);
    else if (!vpcs.addTags(id, tags)) change(id, { tags: { ...find(id).tags, ...tags } });
  }

  const terminate = (instanceId: string, reason: string) => end(instanceId, reason, 'stop');

  return {
    name: 'ec2',
    instances: all,
    machine: (instanceId) => machines.get(instanceId) ?? null,
    onChange: (listener) => void listeners.push(listener),
    terminate,
    lose: (instanceId) => end(instanceId, 'Server.InternalError: the host failed', 'cutPower'),
    reboot,
    announce: change,
    launch(specification, place) {
      const instanceId = `i-${randomBytes(9).toString('hex').slice(0, 17)}`;
      const instance: Instance = {
        ...specification,
        ...place,
        instanceId,
        state: 'pending',
        address: freeAddress(),
        launchedAt: new Date().toISOString(),
        booted: false,
      };
      table.put(instanceId, instance);
      context.log(`${instanceId}: launched at ${instance.address} in ${place.zone}`);
      change(instanceId, {});
      setImmediate(() => void run(instanceId));
      return instance;
    },
    async start() {
      const live = all().filter(({ state }) => state !== 'terminated');
      await Promise.all(
        live.map(({ instanceId, state }) => {
          if (state === 'shutting-down') return terminate(instanceId, 'User initiated');
          const booted = run(instanceId);
          return Promise.race([booted, machines.get(instanceId)?.waiting ?? booted]);
        }),
      );
    },
    async stop() {
      closing = true;
      await Promise.all(ending.values());
      await Promise.all([...machines.values()].map((machine) => machine.stop()));
      machines.clear();
    },
    operations: {
      ...ec2Operations(context, { all, find, terminate, reboot, tag }),
      ...templateOperations(context),
      ...vpcOperations(context, options.networks.vpcs),
      ...routeOperations(context, options.networks),
      ...peeringOperations(context, options.networks),
    },
  };
}

/** As EC2 names the session of an instance's role. */
function sessionOf({ account }: HomeContext, { roleName, instanceId }: Instance): string {
  return sessionArn(account, roleName, instanceId);
}
