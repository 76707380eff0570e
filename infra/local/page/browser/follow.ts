/** Keeps the state that matters in the middle of the step graph's own scroll area; never moves the page itself. */
import { elementId } from '../graph.ts';
import type { StateProgress } from '../views.ts';

/** After somebody has scrolled by hand, the graph stays where they put it for as long. */
const handsOffMs = 4000;
/** Scroll events for as long after a move of ours are its animation. */
const animationMs = 1000;

/** The state that is running now: of a Map or Parallel and what is inside it, the inner one. Pure. */
export function runningState(states: readonly StateProgress[]): string | null {
  return states.findLast(({ status }) => status === 'running')?.name ?? null;
}

/** What a graph opens on: the running state, else the selected one, else where it failed, else the first. Pure. */
export function openingState(states: readonly StateProgress[], selected: string | null): string | null {
  const failed = states.find(({ status, type }) => status === 'failed' && type !== 'Map' && type !== 'Parallel');
  return runningState(states) ?? selected ?? failed?.name ?? states[0]?.name ?? null;
}

type Side = { readonly start: number; readonly end: number };

/**
 * How far to scroll along one axis, so that a node comes to the middle of what is seen of the scroll area: the part inside
 * the window where the node fits into it, else the whole area. Pure; all in pixels of the window.
 */
export function scrollBy(node: Side, area: Side, windowSize: number): number {
  const seen = { start: Math.max(area.start, 0), end: Math.min(area.end, windowSize) };
  const { start, end } = seen.end - seen.start >= node.end - node.start ? seen : area;
  return (node.start + node.end - start - end) / 2;
}

/** Follows one graph for as long as the page shows it. */
export class Follower {
  readonly #frame: HTMLElement;
  readonly #resizes: ResizeObserver;
  readonly #ended = new AbortController();
  #drawing: string | null = null;
  #selected: string | null = null;
  #running: string | null = null;
  /** Name of the state to keep in the middle. */
  #subject: string | null = null;
  /** As Date.now(). */
  #handsOffUntil = 0;
  #animatedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param frame the element that scrolls */
  constructor(frame: HTMLElement) {
    this.#frame = frame;
    const { signal } = this.#ended;
    for (const type of ['wheel', 'touchmove'] as const) {
      frame.addEventListener(type, () => this.#byHand(), { passive: true, signal });
    }
    // On the scroll bars, not on a node.
    frame.addEventListener('pointerdown', ({ target }) => target === frame && this.#byHand(), { signal });
    // By keys, by Tab to a node that was out of sight, or the rest of a drag.
    frame.addEventListener('scroll', () => Date.now() > this.#animatedUntil && this.#byHand(), { signal });
    this.#resizes = new ResizeObserver(() => {
      if (Date.now() >= this.#handsOffUntil) this.#move('instant');
    });
    this.#resizes.observe(frame);
  }

  /** Call after each drawing and each change of what is drawn. @param drawing another one is another graph */
  update(drawing: string | null, states: readonly StateProgress[], selected: string | null): void {
    if (drawing === null || states.length === 0) {
      this.#drawing = null;
      return;
    }
    const running = runningState(states);
    if (drawing !== this.#drawing) {
      this.#take(openingState(states, selected), 'instant');
    } else if (selected !== null && selected !== this.#selected) {
      this.#take(selected, 'smooth');
    } else if (running !== null && running !== this.#running) {
      this.#subject = running;
      this.#moveWhenLeftAlone();
    }
    this.#drawing = drawing;
    this.#selected = selected;
    this.#running = running;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#resizes.disconnect();
    this.#ended.abort();
  }

  /** Somebody asked for this one, whatever they did before. */
  #take(name: string | null, behavior: ScrollBehavior): void {
    clearTimeout(this.#timer);
    this.#handsOffUntil = 0;
    this.#subject = name;
    this.#move(behavior);
  }

  #byHand(): void {
    this.#animatedUntil = 0;
    this.#handsOffUntil = Date.now() + handsOffMs;
  }

  #moveWhenLeftAlone(): void {
    clearTimeout(this.#timer);
    const waitMs = this.#handsOffUntil - Date.now();
    if (waitMs > 0) this.#timer = setTimeout(() => this.#moveWhenLeftAlone(), Math.min(waitMs, handsOffMs));
    // Whoever walks through the graph with the keyboard must not lose the node they are on.
    else if (!this.#frame.querySelector(':focus-visible')) this.#move('smooth');
  }

  #move(behavior: ScrollBehavior): void {
    const node = this.#subject === null ? null : document.getElementById(elementId(this.#subject));
    if (!node || !this.#frame.contains(node)) return;
    const box = node.getBoundingClientRect();
    const { left, top } = this.#frame.getBoundingClientRect();
    const { clientWidth, clientHeight } = this.#frame;
    const { documentElement } = document;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#animatedUntil = Date.now() + animationMs;
    this.#frame.scrollBy({
      left: scrollBy(
        { start: box.left, end: box.right },
        { start: left, end: left + clientWidth },
        documentElement.clientWidth,
      ),
      top: scrollBy(
        { start: box.top, end: box.bottom },
        { start: top, end: top + clientHeight },
        documentElement.clientHeight,
      ),
      behavior: still ? 'instant' : behavior,
    });
  }
}
