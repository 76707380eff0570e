/** A state machine's definition as a Graphviz graph. Pure: the same definition gives the same text. */
import { type ChoiceRule, type Definition, innerMachines, type StateDefinition } from './definition.ts';

const boxColumns = 24;
/** Wider than what is drawn (browser/graph.css): the fonts of a browser are not the ones that Graphviz measures with. */
const layoutFontSize = 15;
const diamondColumns = 15;

/**
 * Draws a definition top-down in DOT. Each state's node carries the SVG id `state:NAME` (percent-encoded) and the class
 * `state`; Map and Parallel are a node for the state itself inside a cluster with what it runs; what comes after hangs
 * on a small exit point, so that the edge leaves the frame.
 */
export function graphOf(definition: Definition): string {
  const drawing = new Drawing();
  drawing.machine(definition, 'Start', 'End');
  return [
    'digraph machine {',
    '  graph [rankdir=TB, nodesep=0.3, ranksep=0.35, bgcolor=transparent, fontname="Helvetica", margin=0.1];',
    `  node [fontname="Helvetica", fontsize=${layoutFontSize}, shape=box, style=rounded, margin="0.22,0.1", height=0.5];`,
    '  edge [fontname="Helvetica", fontsize=11, arrowsize=0.7];',
    `  ${quote('Start')} [label="Start", shape=circle, class="terminal", margin=0.02, fontsize=11, id="machine-start"];`,
    `  ${quote('End')} [label="End", shape=doublecircle, class="terminal", margin=0.02, fontsize=11, id="machine-end"];`,
    ...drawing.lines.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
}

/** The id of a state's SVG element; `decodeURIComponent` of what follows the colon is the name again. */
export function elementId(name: string): string {
  return `state:${encodeURIComponent(name)}`;
}

class Drawing {
  readonly lines: string[] = [];
  private containers = 0;

  /** All states of a machine, between the node that leads in and the node that it ends at. */
  machine(machine: Definition, entry: string, exit: string): void {
    const names = Object.keys(machine.States);
    this.lines.push(`${quote(entry)} -> ${stateId(machine.StartAt)} [weight=10, class="transition"];`);
    for (const name of names) {
      const state = machine.States[name];
      if (state) this.state(name, state, exit);
    }
  }

  private state(name: string, state: StateDefinition, exit: string): void {
    const inner = innerMachines(state);
    const leave = inner.length === 0 ? stateId(name) : this.container(name, state, inner);
    if (inner.length === 0) this.node(name, state);
    for (const edge of transitions(state)) this.edge(leave, edge.next, edge.label, 'transition');
    // A caught error leaves from the state itself: its iterations did not all reach the exit point.
    for (const edge of catches(state)) this.edge(stateId(name), edge.next, edge.label, 'catch');
    if (state.End === true || state.Type === 'Succeed') {
      this.lines.push(`${leave} -> ${quote(exit)} [weight=5, class="transition"];`);
    }
  }

  private node(name: string, state: StateDefinition): void {
    const choice = state.Type === 'Choice';
    const label = wrap(name, choice ? diamondColumns : boxColumns);
    const shape = choice
      ? ', shape=diamond, style=solid, margin=0.01'
      : state.Type === 'Fail'
        ? ', shape=octagon, style=solid'
        : '';
    this.lines.push(
      `${stateId(name)} [label=${quote(label)}, id=${quote(elementId(name))}, class="state ${kind(state)}"${shape}];`,
    );
  }

  /** @returns the node from which the container is left */
  private container(name: string, state: StateDefinition, inner: readonly Definition[]): string {
    const number = this.containers++;
    const exit = `exit:${number}`;
    this.lines.push(`subgraph cluster_${number} {`, `class="container"; style="rounded,dashed"; margin=14;`);
    this.node(name, state);
    inner.forEach((machine, branch) => {
      const several = inner.length > 1;
      if (several)
        this.lines.push(`subgraph cluster_${number}_${branch} {`, 'class="branch"; style="dotted"; margin=10;');
      this.machine(machine, `state:${name}`, exit);
      if (several) this.lines.push('}');
    });
    this.lines.push(`${quote(exit)} [shape=point, width=0.1, class="exit"];`, '}');
    return quote(exit);
  }

  private edge(from: string, next: string, label: string, kindOfEdge: 'transition' | 'catch'): void {
    const dashed = kindOfEdge === 'catch' ? ', style=dashed, weight=1' : ', weight=10';
    const text = label === '' ? '' : `, label=${quote(` ${wrap(label, boxColumns)} `)}`;
    this.lines.push(`${from} -> ${stateId(next)} [class="${kindOfEdge}"${dashed}${text}];`);
  }
}

interface Edge {
  readonly next: string;
  readonly label: string;
}

function transitions(state: StateDefinition): Edge[] {
  const edges: Edge[] = [];
  for (const rule of state.Choices ?? []) if (rule.Next) edges.push({ next: rule.Next, label: ruleLabel(rule) });
  if (state.Default !== undefined) edges.push({ next: state.Default, label: 'otherwise' });
  if (state.Next !== undefined) edges.push({ next: state.Next, label: '' });
  return merged(edges);
}

function catches(state: StateDefinition): Edge[] {
  return merged(
    (state.Catch ?? []).map(({ ErrorEquals, Next }) => ({
      next: Next,
      label: ErrorEquals.map((error) => (error === 'States.ALL' ? 'any error' : error)).join(', '),
    })),
  );
}

/** One edge for each next state. */
function merged(edges: readonly Edge[]): Edge[] {
  const labels = new Map<string, string[]>();
  for (const { next, label } of edges) labels.set(next, [...(labels.get(next) ?? []), label]);
  return [...labels].map(([next, all]) => ({ next, label: all.filter((label) => label !== '').join(', ') }));
}

/** A choice's condition in a word or two: state names are questions, so `yes` and `no` say most of it. */
export function ruleLabel(rule: ChoiceRule): string {
  const operator = Object.keys(rule).find((key) => !['Next', 'Variable', 'Comment', 'Assign', 'Output'].includes(key));
  if (operator === undefined) return '';
  const value = rule[operator];
  if (operator === 'Not') return isRule(value) ? `not ${ruleLabel(value)}` : 'not';
  if ((operator === 'And' || operator === 'Or') && Array.isArray(value)) {
    return shortened(
      value
        .filter(isRule)
        .map(ruleLabel)
        .join(operator === 'And' ? ' and ' : ' or '),
    );
  }
  if (operator === 'BooleanEquals') return value === true ? 'yes' : 'no';
  if (operator.startsWith('Is')) return `${value === true ? '' : 'not '}${operator.slice(2).toLowerCase()}`;
  const sign = signs.find(([ending]) => operator.replace(/Path$/, '').endsWith(ending))?.[1] ?? operator;
  return shortened(`${sign} ${typeof value === 'string' ? value : JSON.stringify(value)}`.trim());
}

const signs: readonly (readonly [string, string])[] = [
  ['GreaterThanEquals', '≥'],
  ['LessThanEquals', '≤'],
  ['GreaterThan', '>'],
  ['LessThan', '<'],
  ['Matches', 'like'],
  ['Equals', ''],
];

function isRule(value: unknown): value is ChoiceRule {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

function kind(state: StateDefinition): string {
  return `kind-${state.Type.toLowerCase().replace(/[^a-z]/g, '')}`;
}

function stateId(name: string): string {
  return quote(`state:${name}`);
}

function wrap(text: string, columns: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/**
 * A DOT string: quotes and backslashes are escaped, and ampersands too, since Graphviz reads HTML entities in every string.
 * Control characters have no place in an SVG.
 */
function quote(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('&', '&amp;')
    .replaceAll('\n', '\\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
    .replace(/[\u0000-\u001f\u007f]/g, ' ');
  return `"${escaped}"`;
}
