/** DNS as it is and as it should be, by what the agents say of their members. */
import { expect, test } from '@jest/globals';
import { desiredRecords } from '#etcd/dnsRecords.ts';
import { differences, dnsStatus } from '../../../infra/status/dns.ts';
import { agent, healthy, instance } from './healthy.ts';

const facts = { cluster: 'etcd', zoneName: 'etcd.internal', ttlSeconds: 10, regions: ['eu-west-1'] };
const members = (healthyOnes: readonly number[]) =>
  [1, 2, 3].map((number) => ({
    name: `i-0000000${number}`,
    address: `10.0.0.${number}`,
    healthy: healthyOnes.includes(number),
    learner: false,
    region: 'eu-west-1',
  }));
const records = (...healthyOnes: number[]) =>
  desiredRecords({ ...facts, transport: 'plain', securePort: 2379, members: members(healthyOnes) });
const { instances } = healthy.group;
const unhealthy = { verdict: 'unhealthy', reasons: ['x'] } as const;

test('in sync', () => {
  const status = dnsStatus(facts, instances, records(1, 2, 3));
  expect(status).toMatchObject({ verdict: 'inSync', reason: '' });
  expect(differences(status)).toEqual([]);
});

test('without a record', () => {
  const status = dnsStatus(
    facts,
    instances,
    records(1, 2, 3).filter(({ type }) => type !== 'A'),
  );
  expect(status.verdict).toBe('differs');
  expect(differences(status)).toEqual([1, 2, 3].map((n) => `+ i-0000000${n}.etcd.etcd.internal. 10 A 10.0.0.${n}`));
});

test('with a member that is not advertised, as it should be', () => {
  const down = agent(3, { health: unhealthy, member: null });
  const seen = [instance(1), instance(2), instance(3, { agent: down })];
  expect(dnsStatus(facts, seen, records(1, 2)).verdict).toBe('inSync');
  const status = dnsStatus(facts, seen, records(1, 2, 3));
  expect(status.verdict).toBe('differs');
  expect(differences(status).filter((line) => line.includes('_etcd-client'))).toHaveLength(2);
});

test('with a member that answers and cannot write: advertised or not, both are right', () => {
  const seen = [instance(1), instance(2), instance(3, { agent: agent(3, { health: unhealthy }) })];
  expect(dnsStatus(facts, seen, records(1, 2, 3)).verdict).toBe('inSync');
  expect(dnsStatus(facts, seen, records(1, 2)).verdict).toBe('inSync');
});

test("in two regions, by the region of each member's instance", () => {
  const regions = ['eu-west-1', 'eu-central-1'];
  const seen = [instance(1), instance(2), instance(3, { zone: 'eu-central-1a' })];
  const placed = members([1, 2, 3]).map((one, index) => ({ ...one, region: regions[index < 2 ? 0 : 1] ?? null }));
  const right = desiredRecords({ ...facts, regions, transport: 'plain', securePort: 2379, members: placed });
  expect(dnsStatus({ ...facts, regions }, seen, right).verdict).toBe('inSync');
  const swapped = right.map((one) =>
    one.name.startsWith('_etcd-client') && typeof one.routing !== 'string' && one.routing.region === 'eu-west-1'
      ? { ...one, values: one.values.map((value) => value.replace(/^0 /, '5 ')) }
      : one,
  );
  const lines = differences(dnsStatus({ ...facts, regions }, seen, swapped));
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toContain('_etcd-client._tcp.etcd.etcd.internal. (eu-west-1) 10 SRV');
});

test('of somebody else', () => {
  const zone = records(1, 2, 3).filter(({ type }) => type !== 'TXT');
  expect(dnsStatus(facts, instances, zone)).toMatchObject({
    verdict: 'notOurs',
    reason: expect.stringContaining('TXT'),
  });
});

test('without a zone, or without a member', () => {
  expect(dnsStatus(facts, instances, null).verdict).toBe('unknown');
  expect(dnsStatus(facts, [], records(1, 2, 3)).verdict).toBe('unknown');
});
