/** What the others have of a member after its agent has ended in the middle of a change of transport. */
import { describe, expect, test } from '@jest/globals';
import { type OwnPeerUrlOptions, peerUrlFits } from '../../../agent/duties/ownPeerUrl.ts';

interface World {
  readonly listed?: string;
  readonly tls?: boolean;
  readonly lock?: string;
  readonly silent?: boolean;
}

function agent({ listed = 'http://10.0.0.1:2380', tls = false, lock, silent = false }: World) {
  const updates: unknown[] = [];
  const spec = { version: '3.5.35', address: '10.0.0.1', ...(tls && { tls: {} }) };
  const seen = {
    members: [
      { id: 'a', peerUrls: [listed] },
      { id: 'b', peerUrls: ['http://10.0.0.2:2380'] },
    ],
    peers: [{ address: '10.0.0.2', version: '3.5.35', healthy: true }],
  };
  const options = {
    identity: { instanceId: 'i-1', address: '10.0.0.1' },
    disk: { member: () => spec },
    record: { readLock: async () => (lock === undefined ? null : { holder: lock }), audit: async () => undefined },
    turns: {
      take: async (_purpose: string, work: (turn: object) => Promise<{ result: unknown }>) => ({
        busy: null,
        result: (await work({ check: () => undefined })).result,
      }),
    },
    look: async () => (silent ? { seen: null, reason: 'nobody answers' } : { seen }),
    log: () => undefined,
    etcd: {
      membership: ({ address }: { address: string }) => ({
        update: async (id: string, url: string) => void updates.push([address, id, url]),
      }),
    },
  } as unknown as OwnPeerUrlOptions;
  return { options, updates };
}

describe('the peer URL of a member', () => {
  test.each<[string, World]>([
    ['that serves HTTP', {}],
    ['that serves TLS', { tls: true, listed: 'https://10.0.0.1:2380' }],
  ])('%s fits, and nothing is changed', async (_what, world) => {
    const { options, updates } = agent(world);
    expect(await peerUrlFits(options)).toBe(true);
    expect(updates).toEqual([]);
  });

  test('that was changed before its member was is put back through another one', async () => {
    const { options, updates } = agent({ listed: 'https://10.0.0.1:2380' });
    expect(await peerUrlFits(options)).toBe(true);
    expect(updates).toEqual([['10.0.0.2', 'a', 'http://10.0.0.1:2380']]);
  });

  test.each<[string, World]>([
    ['while an operation is under way, which goes on with it', { lock: 'somebody' }],
    ['while nobody answers', { silent: true }],
  ])('is left alone %s, and looked at again', async (_what, world) => {
    const { options, updates } = agent({ listed: 'https://10.0.0.1:2380', ...world });
    expect(await peerUrlFits(options)).toBe(false);
    expect(updates).toEqual([]);
  });
});
