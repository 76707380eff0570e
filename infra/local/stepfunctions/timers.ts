/** One Node timer for the earliest of the timers in the database. */
import type { ExecutionStore } from './executionStore.ts';
import type { TimerRow } from './frame.ts';

/** Longest time-out that Node takes, in ms. */
const longest = 2 ** 31 - 1;

export class Timers {
  readonly #store: ExecutionStore;
  readonly #fire: (timer: TimerRow) => void;
  #armed: NodeJS.Timeout | undefined;
  #stopped = true;

  /** `fire` deals with a timer that is due, and removes it. */
  constructor(store: ExecutionStore, fire: (timer: TimerRow) => void) {
    this.#store = store;
    this.#fire = fire;
  }

  start(): void {
    this.#stopped = false;
    this.rearm();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#armed);
  }

  /** To be called whenever timers may have changed. */
  rearm(): void {
    if (this.#stopped) return;
    clearTimeout(this.#armed);
    const next = this.#store.nextTimer();
    if (next === undefined) return;
    const delay = Math.min(Math.max(next.due - Date.now(), 0), longest);
    this.#armed = setTimeout(() => this.#fireDue(), delay);
  }

  #fireDue(): void {
    const next = this.#store.nextTimer();
    if (!this.#stopped && next !== undefined && next.due <= Date.now()) this.#fire(next);
    this.rearm();
  }
}
