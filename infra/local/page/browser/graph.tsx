/** The step graph: an SVG laid out once by the server, coloured here by classes as the execution moves on. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { elementId } from '../graph.ts';
import type { StateProgress } from '../views.ts';
import { Follower } from './follow.ts';
import { countOf, stateLabel, stateMarks, stateWords } from './words.ts';

interface Props {
  readonly svg: string | null;
  readonly error: string | null;
  readonly states: readonly StateProgress[];
  readonly selected: string | null;
  readonly select: (state: string) => void;
}

export function StepGraph({ svg, error, states, selected, select }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const latest = useRef(select);
  latest.current = select;

  const follower = useRef<Follower | null>(null);

  // Before the browser paints: nobody sees a graph without colours, or one scrolled elsewhere.
  useLayoutEffect(() => {
    if (frame.current) follower.current = new Follower(frame.current);
    return () => follower.current?.end();
  }, []);
  useLayoutEffect(() => {
    if (frame.current && svg !== null) draw(frame.current, svg, (name) => latest.current(name));
  }, [svg]);
  // Runs after each drawing, too, so that a graph that arrives late is coloured at once.
  useLayoutEffect(() => {
    if (frame.current) colour(frame.current, states, selected);
    follower.current?.update(svg, states, selected);
  }, [states, selected, svg]);

  return (
    <div class="graph">
      {error !== null && <p class="fault">{error}</p>}
      {svg === null && error === null && <p class="quiet">Drawing the steps…</p>}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div ref={frame} class="drawing" role="group" aria-label="Steps of the execution" />
      <ul class="legend" aria-label="Legend">
        {(['running', 'succeeded', 'failed', 'caught', 'aborted', 'waiting'] as const).map((status) => (
          <li key={status} class={`mark ${status}`}>
            <span aria-hidden="true">{stateMarks[status]}</span> {stateWords[status]}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Puts the keyboard back on a state's node. */
export function focusState(name: string): void {
  document.getElementById(elementId(name))?.focus();
}

const svgNamespace = 'http://www.w3.org/2000/svg';
/** Narrower than this share of its natural width, the text is too small: then the graph scrolls in its frame. */
const smallestScale = 0.85;

function draw(frame: HTMLElement, text: string, select: (name: string) => void): void {
  const svg = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement as unknown as SVGSVGElement;
  const { width } = svg.viewBox.baseVal;
  svg.removeAttribute('height');
  svg.setAttribute('width', String(width));
  svg.style.minWidth = `${width * smallestScale}px`;
  frame.replaceChildren(document.adoptNode(svg));
  for (const title of svg.querySelectorAll('title')) title.remove(); // node names of the DOT, no words for anybody
  for (const node of svg.querySelectorAll<SVGGElement>('.state')) {
    const name = decodeURIComponent(node.id.slice(node.id.indexOf(':') + 1));
    node.setAttribute('role', 'button');
    node.setAttribute('tabindex', '0');
    node.addEventListener('click', () => select(name));
    node.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      select(name);
    });
    node.append(badge(node.getBBox(), node.classList.contains('kind-choice')));
  }
}

/** Where the sign and the count go: on the upper right corner, or on the side of a diamond. */
function badge(box: DOMRect, diamond: boolean): SVGGElement {
  const group = document.createElementNS(svgNamespace, 'g');
  group.setAttribute('class', 'badge');
  group.setAttribute('aria-hidden', 'true');
  const x = box.x + box.width * (diamond ? 0.85 : 1) - (diamond ? 0 : 10);
  const y = box.y + (diamond ? box.height * 0.18 : 0);
  group.setAttribute('transform', `translate(${x} ${y})`);
  group.append(document.createElementNS(svgNamespace, 'rect'), document.createElementNS(svgNamespace, 'text'));
  return group;
}

function colour(frame: HTMLElement, states: readonly StateProgress[], selected: string | null): void {
  for (const state of states) {
    const node = document.getElementById(elementId(state.name));
    if (!node || !frame.contains(node)) continue;
    for (const status of Object.keys(stateMarks)) node.classList.toggle(status, status === state.status);
    node.classList.toggle('selected', state.name === selected);
    node.setAttribute('aria-label', stateLabel(state));
    node.setAttribute('aria-pressed', String(state.name === selected));
    node.dataset.status = state.status;
    const text = state.status === 'waiting' ? '' : [stateMarks[state.status], countOf(state)].filter(Boolean).join(' ');
    fill(node.querySelector('.badge'), text);
  }
}

function fill(badge: Element | null, text: string): void {
  const [rect, words] = badge?.children ?? [];
  if (!badge || !rect || !words || words.textContent === text) return;
  words.textContent = text;
  const width = text.length <= 1 ? 18 : 12 + text.length * 6.2;
  for (const [name, value] of Object.entries({ x: -width / 2, y: -9, width, height: 18, rx: 9 })) {
    rect.setAttribute(name, String(value));
  }
  badge.classList.toggle('empty', text === '');
}
