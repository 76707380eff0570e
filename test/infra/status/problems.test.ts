/** What `npm run status` says is wrong, and by which heading of the runbook. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Description } from '../../../agent/protocol.ts';
import type { GroupFacts, InstanceFacts, StatusFacts } from '../../../infra/status/facts.ts';
import { problemsOf } from '../../../infra/status/problems.ts';
import { statusText } from '../../../infra/status/text.ts';
import { agent, healthy, instance } from './healthy.ts';

const holder = 'arn:aws:states:eu-west-1:1:execution:RotateInstances:night';
const lease = (minutes: number) => Date.parse(healthy.at) + minutes * 60_000;
const lock = (minutes: number) =>
  ({ ...healthy.lock, holder, purpose: 'rotation', leaseUntilMs: lease(minutes) }) as StatusFacts['lock'];
const upgrading = { ...lock(1), purpose: 'RollingUpgrade' } as StatusFacts['lock'];
const upgrade: NonNullable<StatusFacts['upgrade']> = {
  cluster: 'etcd',
  item: 'upgrade',
  token: 5,
  execution: holder,
  from: '3.5.31',
  to: '3.6.16',
  strategy: 'inPlace',
  v2Keys: 'keep',
  beganAt: '2026-01-01T01:00:00.000Z',
  current: { from: '3.5.35', to: '3.6.16' },
  done: [{ to: '3.5.35', endedAt: '2026-01-01T01:01:00.000Z' }],
};
const { current: _, ...between } = upgrade;
const mixed = ill(2, { etcd: { ...agent(2).etcd, version: '3.6.16' } });
const apart = ill(2, { transport: 'both' });
const migrating = { ...lock(1), purpose: 'MigrateToTls' } as StatusFacts['lock'];
const moving = { ...lock(1), purpose: 'MultiregionMigration' } as StatusFacts['lock'];
const regionChange: NonNullable<StatusFacts['regionChange']> = {
  cluster: 'etcd',
  item: 'regions',
  token: 5,
  execution: holder,
  home: 'eu-west-1',
  remote: 'eu-central-1',
  from: { home: 3, remote: 0 },
  to: { home: 2, remote: 1 },
  maxRoundTripMs: 200,
  beganAt: '2026-01-01T01:00:00.000Z',
};
const ended = { ...regionChange, endedAt: '2026-01-01T01:02:00.000Z' };
const differs: StatusFacts['dns'] = { ...healthy.dns, verdict: 'differs', reason: 'to be changed: UPSERT x SRV' };
const suspended = [{ process: 'AZRebalance', reason: 'User suspended' }];

function group(change: Partial<GroupFacts>): Partial<StatusFacts> {
  return { group: { ...healthy.group, ...change } };
}
function spoilt(number: number, more: Partial<InstanceFacts>): Partial<StatusFacts> {
  const instances = healthy.group.instances.map((one, index) => (index === number - 1 ? { ...one, ...more } : one));
  return group({ instances });
}
function ill(number: number, more: Partial<Description>): Partial<StatusFacts> {
  return spoilt(number, { agent: agent(number, more) });
}
const unhealthy = (...reasons: string[]) => ({ health: { verdict: 'unhealthy', reasons } }) as const;
function listing(members: NonNullable<Description['member']>['members']): Partial<StatusFacts> {
  const member = agent(1).member;
  return ill(1, { member: member === null ? null : { ...member, members } });
}
const three = agent(1).member?.members ?? [];

test('nothing, where all is well', () => {
  expect(problemsOf(healthy)).toEqual([]);
  expect(statusText(healthy, [])).toContain('All is well.');
});

const cases: readonly (readonly [
  string,
  Partial<StatusFacts>,
  readonly (readonly [heading: string, text: RegExp])[],
])[] = [
  ['no record', { bootstrap: null, dns: differs }, [['bootstrap-failed', /not been created/]]],
  [
    'an unhealthy member',
    ill(2, unhealthy('it is ill')),
    [
      ['quorum-at-risk', /2 of 3/],
      ['member-not-healthy', /i-00000002 is unhealthy: it is ill/],
    ],
  ],
  [
    'no space',
    ill(2, unhealthy('i-00000002 has the alarm NOSPACE')),
    [
      ['quorum-at-risk', /2 of 3/],
      ['no-space', /NOSPACE/],
    ],
  ],
  [
    'an agent that does not answer',
    spoilt(3, { agent: null, unreachable: 'Run Command did not reach it' }),
    [
      ['quorum-at-risk', /2 of 3/],
      ['instance-not-reachable', /i-00000003: Run Command/],
    ],
  ],
  [
    'a crash loop',
    ill(2, { phase: 'crashLooping', reason: 'etcd exits again and again', ...unhealthy('x') }),
    [
      ['quorum-at-risk', /2 of 3/],
      ['member-crash-looping', /i-00000002 is crashLooping/],
    ],
  ],
  [
    'two of three lost',
    group({ instances: [instance(1), instance(2, { agent: agent(2, unhealthy('x')) })] }),
    [
      ['dead-member', /i-00000003/],
      ['quorum-at-risk', /1 of 3 voters are healthy: the quorum is lost/],
      ['member-not-healthy', /i-00000002/],
      ['instances-missing', /2 of 3 instances/],
    ],
  ],
  [
    'nobody leads',
    group({
      instances: healthy.group.instances.map((one) => {
        const { member } = agent(2);
        return { ...one, agent: one.agent && { ...one.agent, member: member && { ...member, leaderId: null } } };
      }),
    }),
    [['no-leader', /no member leads/]],
  ],
  [
    'two clusters',
    ill(3, { member: { ...agent(3).member, clusterId: 'd' } as Description['member'] }),
    [['members-disagree', /c, d/]],
  ],
  [
    'another version',
    ill(3, { etcd: { ...agent(3).etcd, version: '3.4.15' } }),
    [['version-skew', /3\.4\.15, 3\.5\.35/]],
  ],
  ['a member too few', listing(three.slice(0, 2)), [['member-missing', /2 of 3/]]],
  ['a wish for fewer', group({ desired: 1 }), [['surplus-members', /3 members where the group wants 1/]]],
  [
    'a learner left over',
    ill(1, { housekeeping: { at: '', paused: null, findings: [{ kind: 'lateNewcomer', text: 'late' }] } }),
    [['newcomer-late', /late/]],
  ],
  [
    'a newcomer that waits',
    group({
      desired: 4,
      instances: [
        ...healthy.group.instances,
        instance(4, {
          agent: agent(4, { phase: 'awaitingJoin', reason: 'no member answers', member: null }),
        }),
      ],
    }),
    [
      ['member-missing', /3 of 4/],
      ['member-waiting-to-join', /no member answers/],
    ],
  ],
  [
    'a full database',
    ill(1, { database: { bytes: 90, inUseBytes: 10, quotaBytes: 100 } }),
    [['database-near-quota', /i-00000001: .* 90 %/]],
  ],
  ['suspended processes', group({ suspended }), [['processes-suspended', /AZRebalance/]]],
  ['suspended processes of an operation', { ...group({ suspended }), lock: lock(1) }, []],
  [
    'a lock that nobody renews',
    { ...group({ suspended }), lock: lock(-1) },
    [
      ['processes-suspended', /AZRebalance/],
      ['lock-held', /RotateInstances:night/],
    ],
  ],
  ['a lock whose holder has ended', { lock: lock(1), holderEnded: true }, [['lock-held', /has ended$/]]],
  ['members of two versions', mixed, [['version-skew', /3\.5\.35, 3\.6\.16/]]],
  ['members of two versions during an upgrade', { ...mixed, lock: upgrading, upgrade }, []],
  [
    'an upgrade that has halted',
    { ...mixed, lock: upgrading, upgrade, holderEnded: true },
    [
      ['version-skew', /3\.6\.16/],
      ['upgrade-halted', /3\.5\.31 to 3\.6\.16 .* in the hop 3\.5\.35 to 3\.6\.16 .*--resume.*--roll-back.*--abandon/],
    ],
  ],
  [
    'an upgrade that is paused',
    { lock: upgrading, upgrade: between, holderEnded: true },
    [['upgrade-halted', /between two hops .*--resume goes on, --abandon/]],
  ],
  ['an upgrade that has ended', { upgrade: { ...between, endedAt: '2026-01-01T01:02:00.000Z' } }, []],
  ['members that serve differently', apart, [['migration-halted', /\(both, plain\): start MigrateToTls/]]],
  ['members that serve differently during a migration', { ...apart, lock: migrating }, []],
  [
    'a migration that has halted',
    { ...apart, lock: migrating, holderEnded: true },
    [
      ['migration-halted', /serve differently/],
      ['migration-halted', /MigrateToTls\) and has ended/],
    ],
  ],
  ['members that are moved between regions', { lock: moving, regionChange }, []],
  [
    'a change of regions that has halted',
    { lock: moving, regionChange, holderEnded: true },
    [
      [
        'regions-halted',
        /from 3 \+ 0 to 2 \+ 1 .* with 3 instances in eu-west-1 and 0 in eu-central-1, .* resume, rollBack or abandon/,
      ],
    ],
  ],
  ['a change of regions that has ended', { regionChange: ended }, []],
  [
    'a change of regions that was stopped before it began, after another',
    { lock: moving, regionChange: ended, holderEnded: true },
    [['lock-held', /MultiregionMigration\) and has ended/]],
  ],
  ['other records', { dns: differs }, [['dns-differs', /UPSERT x SRV/]]],
  ['other records during an operation', { dns: differs, lock: lock(1) }, []],
  ['somebody else’s records', { dns: { ...differs, verdict: 'notOurs' } }, [['dns-not-ours', /DNS/]]],
  ['an unreadable zone', { dns: { ...differs, verdict: 'unknown' } }, [['dns-unknown', /DNS/]]],
];

describe('with', () => {
  test.each(cases)('%s', (_, change, expected) => {
    const facts = { ...healthy, ...change };
    const problems = problemsOf(facts);
    expect(problems.map(({ heading }) => heading)).toEqual(expected.map(([heading]) => heading));
    for (const [index, [, text]] of expected.entries()) expect(problems[index]?.text).toMatch(text);
    for (const { text } of problems) expect(statusText(facts, problems)).toContain(text);
  });
});

test('every heading is in the runbook', () => {
  const runbook = readFileSync(join(import.meta.dirname, '../../../docs/runbook.md'), 'utf8');
  const anchors = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(' ', '-'),
  );
  const named = cases.flatMap(([, , expected]) => expected.map(([heading]) => heading));
  expect([...new Set(named)].filter((heading) => !anchors.includes(heading))).toEqual([]);
});
