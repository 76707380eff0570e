/** A cluster of three that is well, for tests that spoil something of it. */
import type { Description } from '../../../agent/protocol.ts';
import type { InstanceFacts, StatusFacts } from '../../../infra/status/facts.ts';

export const leader = 'i-00000001';

const listed = [1, 2, 3].map((number) => ({ id: `${number}`, name: `i-0000000${number}`, isLearner: false }));

export function agent(number: number, more: Partial<Description> = {}): Description {
  return {
    instanceId: `i-0000000${number}`,
    cluster: 'etcd',
    zone: `eu-west-1${'abc'[number - 1]}`,
    address: `10.0.0.${number}`,
    agentVersion: '0.1.0',
    phase: 'running',
    reason: 'etcd is kept running',
    etcd: { pid: 7, version: '3.5.35', starts: 1, crashes: 0, lastExit: null },
    member: {
      id: `${number}`,
      clusterId: 'c',
      clusterVersion: '3.5.0',
      isLeader: number === 1,
      leaderId: '1',
      members: listed,
    },
    health: { verdict: 'healthy' },
    database: { bytes: 20_480, inUseBytes: 16_384, quotaBytes: 2 * 1024 ** 3 },
    housekeeping: number === 1 ? { at: '2026-01-01T00:00:00Z', paused: null, findings: [] } : null,
    dns: number === 1 ? { verdict: 'inSync', reason: '' } : null,
    command: null,
    ...more,
  };
}

export function instance(number: number, more: Partial<InstanceFacts> = {}): InstanceFacts {
  return {
    instanceId: `i-0000000${number}`,
    zone: `eu-west-1${'abc'[number - 1]}`,
    lifecycleState: 'InService',
    address: `10.0.0.${number}`,
    agent: agent(number),
    unreachable: null,
    ...more,
  };
}

export const healthy: StatusFacts = {
  cluster: 'etcd',
  at: '2026-01-01T02:00:00.000Z',
  bootstrap: {
    cluster: 'etcd',
    item: 'bootstrap',
    clusterToken: 't',
    etcdVersion: '3.5.35',
    members: [],
    writtenAt: '2026-01-01T00:00:00.000Z',
    writtenBy: 'arn:x',
    createdAt: '2026-01-01T00:01:00.000Z',
  },
  group: { name: 'group', desired: 3, instances: [1, 2, 3].map((number) => instance(number)), suspended: [] },
  lock: { cluster: 'etcd', item: 'lock', token: 4 },
  holderEnded: false,
  upgrade: null,
  regionChange: null,
  dns: { verdict: 'inSync', reason: '', desired: [], actual: [] },
  silent: [],
  executions: [],
};
