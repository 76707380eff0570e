/**
 * EC2: instances as processes of this machine, launch templates, and the network's ids. What it does not do: RunInstances
 * by hand, stopping and starting, images, real networks (VPCs, subnets and security groups are names only).
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { ObjectStore } from '../s3/store.ts';
import type { Callers } from '../wire/callers.ts';
import { type Documents, documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { matches } from './filters.ts';
import { type Instance, type LaunchSpecification, stateOf, toApi } from './instance.ts';
import { createMachine, type Machine } from './machine.ts';

export interface Ec2 extends Service {
  instances(): readonly Instance[];
  machine(instanceId: string): Machine | null;
  /** Launches one instance; it is `pending` at first. */
  launch(specification: LaunchSpecification, place: Place): Instance;
  terminate(instanceId: string, reason: string): Promise<void>;
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
  /** Runs before user data; where it throws, the instance runs without ever having booted, as with broken user data on EC2. */
  readonly beforeBoot?: (instance: Instance) => void | Promise<void>;
}

const firstHost = 10;
const lastHost = 250;

export function createEc2(context: HomeContext, options: Ec2Options): Ec2 {
  const table: Documents<Instance> = documents(context.database, 'ec2_instances');
  const machines = new Map<string, Machine>();
  const listeners: ((instance: Instance) => void)[] = [];
  const ending = new Map<string, Promise<void>>();

  function find(instanceId: string): Instance {
    const instance = table.get(instanceId);
    if (instance === null)
      throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
    return instance;
  }

  function change(instanceId: string, changes: Partial<Instance>): void {
    const changed = { ...find(instanceId), ...changes };
    table.put(instanceId, changed);
    context.events.emit('change', { topic: 'instances', id: instanceId });
    for (const listener of listeners) listener(changed);
  }

  async function run(instanceId: string): Promise<void> {
    const machine = createMachine(context, options.objects, {
      region: context.region,
      account: context.account,
      instance: () => find(instanceId),
      credentials: () => options.callers.credentialsOf(sessionArn(context, find(instanceId))),
    });
    machines.set(instanceId, machine);
    // EC2 says `running` before user data has run.
    if (find(instanceId).state === 'pending') change(instanceId, { state: 'running' });
    try {
      await options.beforeBoot?.(find(instanceId));
      await machine.boot();
      if (find(instanceId).state === 'running') change(instanceId, { booted: true });
    } catch (error) {
      context.log(`${instanceId}: boot failed: ${(error as Error).message}`);
      change(instanceId, { booted: false, stateReason: (error as Error).message });
    }
  }

  function freeAddress(): string {
    const taken = new Set(table.all().flatMap(({ state, address }) => (state === 'terminated' ? [] : [address])));
    const last = Number(table.all().at(-1)?.address.split('.')[3] ?? firstHost - 1);
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

  async function terminate(instanceId: string, reason: string): Promise<void> {
    const { state } = find(instanceId);
    if (state === 'terminated') return;
    const running = ending.get(instanceId);
    if (running !== undefined) return running;
    const done = (async () => {
      change(instanceId, { state: 'shutting-down', stateReason: reason });
      const machine = machines.get(instanceId);
      await machine?.stop();
      machines.delete(instanceId);
      if (machine !== undefined) rmSync(machine.root, { recursive: true, force: true });
      change(instanceId, { state: 'terminated', terminatedAt: new Date().toISOString() });
    })().finally(() => ending.delete(instanceId));
    ending.set(instanceId, done);
    return done;
  }

  return {
    name: 'ec2',
    instances: () => table.all(),
    machine: (instanceId) => machines.get(instanceId) ?? null,
    onChange: (listener) => void listeners.push(listener),
    terminate,
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
      const live = table.all().filter(({ state }) => state !== 'terminated');
      await Promise.all(
        live.map(({ instanceId, state }) =>
          state === 'shutting-down' ? terminate(instanceId, 'User initiated') : run(instanceId),
        ),
      );
    },
    async stop() {
      await Promise.all(ending.values());
      await Promise.all([...machines.values()].map((machine) => machine.stop()));
      machines.clear();
    },
    operations: {
      DescribeInstances: ({ InstanceIds, Filters }: DescribeInput) => {
        const chosen = InstanceIds === undefined ? table.all() : InstanceIds.map(find);
        const instances = chosen.filter((instance) => matches(instance, Filters ?? []));
        return {
          Reservations: instances.map((instance) => ({
            ReservationId: `r-${instance.instanceId.slice(2)}`,
            OwnerId: context.account,
            Instances: [toApi(instance, context.region)],
          })),
        };
      },
      TerminateInstances: ({ InstanceIds = [] }: { InstanceIds?: readonly string[] }) => {
        const before = InstanceIds.map(find);
        for (const { instanceId } of before) void terminate(instanceId, 'User initiated');
        return {
          TerminatingInstances: before.map(({ instanceId, state }) => ({
            InstanceId: instanceId,
            PreviousState: stateOf(state),
            CurrentState: stateOf(find(instanceId).state),
          })),
        };
      },
      CreateTags: ({ Resources = [], Tags = [] }: TagInput) => {
        for (const instance of Resources.map(find)) {
          const added = Object.fromEntries(Tags.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
          change(instance.instanceId, { tags: { ...instance.tags, ...added } });
        }
      },
      DescribeAvailabilityZones: () => ({
        AvailabilityZones: zonesOf(context.region).map((ZoneName) => ({
          ZoneName,
          RegionName: context.region,
          State: 'available',
        })),
      }),
    },
  };
}

interface DescribeInput {
  readonly InstanceIds?: readonly string[];
  readonly Filters?: readonly { readonly Name?: string; readonly Values?: readonly string[] }[];
}

interface TagInput {
  readonly Resources?: readonly string[];
  readonly Tags?: readonly { readonly Key?: string; readonly Value?: string }[];
}

export function zonesOf(region: string): readonly string[] {
  return ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
}

function sessionArn(context: HomeContext, { roleName, instanceId }: Instance): string {
  return `arn:aws:sts::${context.account}:assumed-role/${roleName}/${instanceId}`;
}
