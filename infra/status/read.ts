/** Finds out how a cluster is: the record, the group, each member through Run Command, the zone, the executions. */

import { clusterDomain } from '#etcd/dnsRecords.ts';
import type { Description } from '../../agent/protocol.ts';
import { hasEnded } from '../../tasks/aws/executions.ts';
import { privateAddresses } from '../../tasks/aws/instances.ts';
import { readBootstrap, readLock, readUpgrade } from '../../tasks/aws/record.ts';
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
  Object.assign(process.env, {
    CLUSTER: cluster,
    TABLE: table,
    GROUP: output(outputs, 'GroupName'),
    DOCUMENT: output(outputs, 'DocumentName'),
  });
  const machines = Object.values(outputs).filter((value) => /^arn:[^:]+:states:[^:]+:\d+:stateMachine:/.test(value));
  const at = new Date().toISOString();
  const [bootstrap, { lock, holderEnded }, upgrade, settings, group, executions] = await Promise.all([
    readBootstrap(),
    readHeldLock(),
    readUpgrade(),
    readSettings(table, cluster),
    groupFacts(output(outputs, 'GroupName')),
    Promise.all(machines.map((machine) => lastExecutions(machine, executionsShown))),
  ]);
  const instances = await describeAll(group.instances, at);
  return {
    cluster,
    at,
    bootstrap,
    group: { ...group, instances },
    lock,
    holderEnded,
    upgrade,
    dns: await readDns(cluster, settings, instances),
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

type Listed = Pick<InstanceFacts, 'instanceId' | 'zone' | 'lifecycleState'>;

async function describeAll(listed: readonly Listed[], at: string): Promise<readonly InstanceFacts[]> {
  if (listed.length === 0) return [];
  // An instance that has just gone makes EC2 refuse the whole question; agents tell their addresses too.
  const addresses = await privateAddresses(listed.map(({ instanceId }) => instanceId)).catch(() => null);
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
  settings: Awaited<ReturnType<typeof readSettings>>,
  instances: readonly InstanceFacts[],
): Promise<DnsStatus> {
  const unknown = (reason: string): DnsStatus => ({ verdict: 'unknown', reason, desired: [], actual: [] });
  if (settings === null) return unknown('the deployment has not written the settings of this cluster');
  const { hostedZone, recordTtlSeconds } = settings;
  try {
    const zone = await recordSetsBelow(hostedZone.id, clusterDomain(cluster, hostedZone.name));
    return dnsStatus({ cluster, zoneName: hostedZone.name, ttlSeconds: recordTtlSeconds }, instances, zone);
  } catch (error) {
    return unknown(`Route 53 was not read: ${(error as Error).message}`);
  }
}
