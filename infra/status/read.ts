/** Finds out how a cluster is: the record, the group, each member through Run Command, the zone, the executions. */

import { clusterDomain } from '#etcd/dnsRecords.ts';
import type { Description } from '../../agent/protocol.ts';
import { hasEnded } from '../../tasks/aws/executions.ts';
import { privateAddresses } from '../../tasks/aws/instances.ts';
import { readBootstrap, readLock, readRegionChange, readUpgrade } from '../../tasks/aws/record.ts';
import { recordSetsBelow } from '../../tasks/aws/recordSets.ts';
import { sendToAgent } from '../../tasks/aws/runCommand.ts';
import { type Outputs, output } from '../operator/outputs.ts';
import { groupFacts, lastExecutions, readSettings } from './aws.ts';
import { dnsStatus } from './dns.ts';
import type { DnsStatus, InstanceFacts, StatusFacts } from './facts.ts';

const executionsShown = 3;

/** What the tasks' environment holds on AWS is in the stack's outputs. */
export async function readStatus(outputs: Outputs): Promise<StatusFacts> {
  const cluster = output(outputs, 'ClusterName');
  const table = output(outputs, 'TableName');
  const group = output(outputs, 'GroupName');
  Object.assign(process.env, {
    CLUSTER: cluster,
    TABLE: table,
    GROUP: group,
    DOCUMENT: output(outputs, 'DocumentName'),
  });
  const machines = Object.values(outputs).filter((value) => /^arn:[^:]+:states:[^:]+:\d+:stateMachine:/.test(value));
  const at = new Date().toISOString();
  const settings = await readSettings(table, cluster);
  const regions = settings?.regions?.map(({ region }) => region) ?? [process.env.AWS_REGION ?? ''];
  process.env.REGIONS = regions.join();
  const [bootstrap, { lock, holderEnded }, upgrade, regionChange, found, executions] = await Promise.all([
    readBootstrap(),
    readHeldLock(),
    readUpgrade(),
    readRegionChange(),
    readGroups(regions, group),
    Promise.all(machines.map((machine) => lastExecutions(machine, executionsShown))),
  ]);
  const instances = (await Promise.all(found.groups.map((one) => describeAll(one, at)))).flat();
  return {
    cluster,
    at,
    bootstrap,
    group: {
      name: group,
      desired: found.groups.reduce((sum, { desired }) => sum + desired, 0),
      instances,
      suspended: found.groups.flatMap(({ suspended }) => suspended),
    },
    silent: found.silent,
    lock,
    holderEnded,
    upgrade,
    regionChange,
    dns: await readDns(cluster, regions, settings, instances),
    executions: executions.flat(),
  };
}

/** A holder that ends releases the lock just before: it is read again before it counts as left behind. */
async function readHeldLock(): Promise<Pick<StatusFacts, 'lock' | 'holderEnded'>> {
  const lock = await readLock();
  if (lock?.holder === undefined || !(await hasEnded(lock.holder))) return { lock, holderEnded: false };
  const again = await readLock();
  return { lock: again, holderEnded: again?.holder === lock.holder };
}

type Found = Awaited<ReturnType<typeof groupFacts>>;

/** A region that does not answer is told of; the others are shown. @throws Error where none answers */
async function readGroups(
  regions: readonly string[],
  name: string,
): Promise<{ readonly groups: readonly Found[]; readonly silent: StatusFacts['silent'] }> {
  const answers = await Promise.allSettled(regions.map((region) => groupFacts(region, name)));
  const groups = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const silent = answers.flatMap((answer, index) =>
    answer.status === 'rejected' ? [{ region: regions[index] ?? '', reason: (answer.reason as Error).message }] : [],
  );
  const [first] = silent;
  if (groups.length === 0) throw new Error(first?.reason ?? 'the cluster is in no region');
  return { groups, silent };
}

async function describeAll({ region, instances: listed }: Found, at: string): Promise<readonly InstanceFacts[]> {
  // An instance that has just gone makes EC2 refuse the whole question; agents tell their addresses too.
  const addresses = await privateAddresses(
    region,
    listed.map(({ instanceId }) => instanceId),
  ).catch(() => null);
  const described = listed.map(async (one): Promise<InstanceFacts> => {
    const place = { ...one, address: addresses?.get(one.instanceId) ?? null };
    try {
      return { ...place, agent: await describe(one.instanceId, at), unreachable: null };
    } catch (error) {
      return { ...place, agent: null, unreachable: (error as Error).message };
    }
  });
  return (await Promise.all(described)).sort((a, b) =>
    `${a.zone} ${a.instanceId}` < `${b.zone} ${b.instanceId}` ? -1 : 1,
  );
}

/** As a state machine would ask. @throws Fault `InstanceNotReachable` or `CommandFailed` */
async function describe(instanceId: string, at: string): Promise<Description> {
  // A repeated id would answer what was seen the first time.
  const id = `status-${at}/describe/${instanceId}/${process.pid}`;
  const { entry } = await sendToAgent(instanceId, { command: 'describe', id, input: {} });
  const { outcome } = entry;
  if (outcome.status !== 'succeeded') {
    throw new Error(outcome.status === 'failed' ? outcome.cause : `the agent of ${instanceId} has not answered yet`);
  }
  return outcome.result as Description;
}

async function readDns(
  cluster: string,
  regions: readonly string[],
  settings: Awaited<ReturnType<typeof readSettings>>,
  instances: readonly InstanceFacts[],
): Promise<DnsStatus> {
  const unknown = (reason: string): DnsStatus => ({ verdict: 'unknown', reason, desired: [], actual: [] });
  if (settings === null) return unknown('the deployment has not written the settings of this cluster');
  const { hostedZone, recordTtlSeconds } = settings;
  try {
    const zone = await recordSetsBelow(hostedZone.id, clusterDomain(cluster, hostedZone.name));
    const facts = { cluster, zoneName: hostedZone.name, ttlSeconds: recordTtlSeconds, regions };
    return dnsStatus(facts, instances, zone);
  } catch (error) {
    return unknown(`Route 53 was not read: ${(error as Error).message}`);
  }
}
