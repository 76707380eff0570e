/** Graphviz, compiled to WebAssembly: lays out a graph in this process, once per graph. */
import { instance, type Viz } from '@viz-js/viz';

const kept = 50;
const drawn = new Map<string, string>();
let graphviz: Promise<Viz> | undefined;

/** Renders DOT as an SVG document. @throws Error with Graphviz's own words where the DOT is wrong. */
export async function svgOf(dot: string): Promise<string> {
  const before = drawn.get(dot);
  if (before !== undefined) return before;
  graphviz ??= instance();
  const result = (await graphviz).render(dot, { format: 'svg' });
  if (result.status !== 'success') {
    throw new Error(
      `Graphviz could not draw the state machine: ${result.errors.map(({ message }) => message).join('; ')}`,
    );
  }
  if (drawn.size >= kept) drawn.delete(drawn.keys().next().value ?? '');
  drawn.set(dot, result.output);
  return result.output;
}
