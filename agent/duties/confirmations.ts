/** What is said once may be a mistake: it counts when it was said again, seconds later, and never otherwise meanwhile. */

export interface Confirmations {
  /** @returns whether it is said now and was said all the time for long enough */
  confirmed(id: string, said: boolean): boolean;
}

/** Between the first time and the one that counts, in milliseconds. */
export const confirmMs = 5_000;

/** What was said longer ago than this, and nobody asked meanwhile, confirms nothing: it may be the second mistake of its kind. */
export const forgottenMs = 30_000;

/** @param nowMs a monotonic clock */
export function createConfirmations(nowMs: () => number = () => performance.now()): Confirmations {
  const since = new Map<string, { readonly firstMs: number; readonly lastMs: number }>();
  return {
    confirmed(id, said) {
      if (!said) {
        since.delete(id);
        return false;
      }
      const lastMs = nowMs();
      const before = since.get(id);
      const firstMs = before === undefined || lastMs - before.lastMs > forgottenMs ? lastMs : before.firstMs;
      since.set(id, { firstMs, lastMs });
      return lastMs - firstMs >= confirmMs;
    },
  };
}
