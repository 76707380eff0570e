/** Runs in the browser. */

/** Why a state's node cannot be seen whole in the graph's scroll area, which is in the window; null where it can. */
export function hidden(id: string): string | null {
  const frame = document.querySelector<HTMLElement>('.drawing');
  const node = document.getElementById(id);
  const shape = node?.querySelector('path, polygon');
  if (!frame || !node || !shape) return 'not drawn';
  const { left, top } = frame.getBoundingClientRect();
  const area = {
    left: Math.max(left, 0),
    top: Math.max(top, 0),
    right: Math.min(left + frame.clientWidth, document.documentElement.clientWidth),
    bottom: Math.min(top + frame.clientHeight, document.documentElement.clientHeight),
  };
  const box = shape.getBoundingClientRect();
  if (
    box.left < area.left - 1 ||
    box.right > area.right + 1 ||
    box.top < area.top - 1 ||
    box.bottom > area.bottom + 1
  ) {
    return `${JSON.stringify(box)} is not inside ${JSON.stringify(area)}`;
  }
  const there = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
  return node.contains(there) ? null : `behind <${there?.tagName} class="${there?.getAttribute('class')}">`;
}

/** How far a node is from the middle of the graph's scroll area along the axes that leave it room to scroll, in pixels. */
export function offCentre(id: string): number {
  const frame = document.querySelector<HTMLElement>('.drawing');
  const node = document.getElementById(id);
  if (!frame || !node) return Number.POSITIVE_INFINITY;
  const box = node.getBoundingClientRect();
  const { left, top } = frame.getBoundingClientRect();
  const right = (box.left + box.right) / 2 - left - frame.clientWidth / 2;
  const down = (box.top + box.bottom) / 2 - top - frame.clientHeight / 2;
  const room = (wanted: number, at: number, most: number): number =>
    Math.abs(Math.min(Math.max(at + wanted, 0), most) - at);
  return Math.max(
    room(right, frame.scrollLeft, frame.scrollWidth - frame.clientWidth),
    room(down, frame.scrollTop, frame.scrollHeight - frame.clientHeight),
  );
}
