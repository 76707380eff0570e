/** What is said once may be a mistake: it counts when it was said again, seconds later, and never otherwise meanwhile. */

export interface Confirmations {
  /** @returns whether it is said now and was said all the time for long enough */
  confirmed(id: string, said: boolean): boolean;
}

/** Between the first time and the one that counts, in milliseconds. */
export const confirmMs = 5_000;

/** @param nowMs a monotonic clock */
export function createConfirmations(nowMs: () => number = () => performance.now()): Confirmations {
  const since = new Map<string, number>();
  return {
    confirmed(id, said) {
      if (!said) {
        since.delete(id);
        return false;
      }
      const first = since.get(id) ?? nowMs();
      since.set(id, first);
      return nowMs() - first >= confirmMs;
    },
  };
}
