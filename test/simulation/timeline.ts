/** Virtual time: what happens, in order, one thing after the other, as fast as the machine can. */

export interface Timeline {
  readonly nowMs: number;
  /** Later, in milliseconds from now. */
  after(delayMs: number, work: () => void): void;
  /**
   * Runs until the time is reached, or until `ended` says so, which is asked after each event and all that follows from it
   * at once.
   */
  run(untilMs: number, ended: () => boolean): Promise<void>;
}

interface Event {
  readonly atMs: number;
  /** Events of one moment come in the order in which they were made. */
  readonly order: number;
  readonly work: () => void;
}

export function createTimeline(): Timeline {
  /** A binary heap, the next event first. */
  const heap: Event[] = [];
  let nowMs = 0;
  let order = 0;

  function push(event: Event): void {
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  function pop(): Event | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  return {
    get nowMs() {
      return nowMs;
    },
    after(delayMs, work) {
      push({ atMs: nowMs + Math.max(0, delayMs), order: order++, work });
    },
    async run(untilMs, ended) {
      while (heap[0] !== undefined && heap[0].atMs <= untilMs) {
        const event = pop() as Event;
        nowMs = event.atMs;
        event.work();
        await allThatFollows();
        if (ended()) return;
      }
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Continuations of promises come before the event loop goes on. */
function allThatFollows(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
