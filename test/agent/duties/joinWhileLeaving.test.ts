/** A newcomer whose instance is being terminated while it joins. */
import { expect, test } from '@jest/globals';
import { type JoinOptions, join } from '../../../agent/duties/join.ts';
import type { Surroundings } from '../../../agent/duties/surroundings.ts';
import { layoutBelow } from '../../../agent/machine/layout.ts';

const seen = {
  group: { desiredCapacity: 3 },
  members: ['i-a', 'i-b'].map((name, index) => ({
    id: `${index}`,
    name,
    peerUrls: [`http://10.0.0.${index}:2380`],
    isLearner: false,
    healthy: true,
    instance: 'live',
    zone: 'z',
  })),
  peers: [{ address: '10.0.0.0', version: '3.5.35', healthy: true }],
  version: '3.5.35',
  sinceChangeMs: Number.POSITIVE_INFINITY,
} as unknown as Surroundings;

/** Two steps of joining. @returns what was added, and what it said */
async function twoSteps(lifecycleState: string): Promise<{ added: string[]; reasons: string[] }> {
  const added: string[] = [];
  const reasons: string[] = [];
  let steps = 0;
  const options = {
    identity: { instanceId: 'i-new', address: '10.0.0.9', zone: 'z' },
    layout: layoutBelow('/nowhere'),
    metadata: { targetLifecycleState: async () => lifecycleState },
    disk: { claim: () => 'claim', registration: () => null, register: () => {}, own: () => {} },
    record: { readLock: async () => null, claimStart: async () => true, audit: async () => {} },
    turns: {
      take: async (_: string, work: (turn: object) => Promise<{ result: unknown }>) => ({
        busy: null,
        result: (await work({ check: () => {} })).result,
      }),
    },
    look: async () => ({ seen }),
    install: async () => {},
    log: () => {},
    enter: (_: string, reason: string) => reasons.push(reason),
    etcd: { membership: () => ({ add: async (url: string) => added.push(url) && 'id' }) },
    clock: {
      sleep: async () => {
        if (++steps === 2) throw new Error('enough');
      },
    },
  } as unknown as JoinOptions;
  await expect(join(options)).rejects.toThrow('enough');
  return { added, reasons };
}

test('it adds itself while it is to stay', async () => {
  const { added } = await twoSteps('InService');
  expect(added).toContain('http://10.0.0.9:2380');
});

test('it adds itself no more once it is to go', async () => {
  const { added, reasons } = await twoSteps('Terminated');
  expect(added).toEqual([]);
  expect(reasons).toContain('this instance is being terminated');
});
