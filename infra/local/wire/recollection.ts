/** What calls were answered in the last minute. Pure. */

interface Answer {
  readonly atMs: number;
  readonly output: unknown;
}

const keptMs = 60_000;
const keptAnswers = 100;
const keptQuestions = 200;

export class Recollection {
  readonly #answers = new Map<string, Answer[]>();

  keep(question: string, output: unknown, nowMs: number): void {
    const kept = (this.#answers.get(question) ?? []).filter(({ atMs }) => atMs > nowMs - keptMs);
    // Put again, so that the question that was not asked for longest goes first.
    this.#answers.delete(question);
    this.#answers.set(question, [...kept.slice(1 - keptAnswers), { atMs: nowMs, output }]);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > keptQuestions && oldest !== undefined) this.#answers.delete(oldest);
  }

  /** The newest answer that was given at `atMs` or before, or the oldest one; undefined where there was none. */
  recall(question: string, atMs: number): unknown {
    const answers = this.#answers.get(question) ?? [];
    return (answers.findLast((answer) => answer.atMs <= atMs) ?? answers[0])?.output;
  }
}
