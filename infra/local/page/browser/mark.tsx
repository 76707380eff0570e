import type { StateStatus } from '../views.ts';
import { stateMarks } from './words.ts';

/** A status as colour, sign and word. */
export function Mark({ status, word }: { status: StateStatus; word: string }) {
  return (
    <span class={`mark ${status}`}>
      <span aria-hidden="true">{stateMarks[status]}</span> {word}
    </span>
  );
}
