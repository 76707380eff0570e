import { environment } from '../aws/environment.ts';
import { audit, readLock, replaceLock } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';

type Input = Tasks['releaseLock']['input'];

/** Frees the lock if this holder has it with this token; otherwise it is not ours to free, and nothing changes. */
export async function handler({ holder, token }: Input): Promise<Tasks['releaseLock']['output']> {
  const before = await readLock();
  if (before === null || before.holder !== holder || before.token !== token) return { released: true };
  const free = { cluster: environment('CLUSTER'), item: 'lock', token } as const;
  if (await replaceLock(before, free)) {
    const at = new Date().toISOString();
    await audit(
      { at, who: holder, what: `lock with token ${token} released`, why: before.purpose ?? '', before, after: free },
      `unlock-${token}`,
    );
  }
  return { released: true };
}
