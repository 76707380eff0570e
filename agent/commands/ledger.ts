/** The ledger of commands on disk: what was received, and how it ended. A repeated id changes nothing twice. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeDurably } from '../machine/files.ts';
import type { CommandEnvelope, LedgerEntry, Outcome } from '../protocol.ts';

export interface StoredCommand {
  readonly entry: LedgerEntry;
  readonly envelope: CommandEnvelope;
  /** Every token that the command came with: a task that was tried again has a new one. */
  readonly taskTokens: readonly string[];
  /** Those of them whose task has been told the outcome, or waits no more. */
  readonly delivered?: readonly string[];
}

export interface Ledger {
  find(id: string): StoredCommand | null;
  /** Notes a command as running, or one more token of it. */
  receive(envelope: CommandEnvelope): StoredCommand;
  finish(id: string, outcome: Outcome): StoredCommand;
  /** Notes that nobody waits for this token any more. */
  deliver(id: string, taskToken: string): void;
  /** Commands that an earlier agent has not ended, or not told everybody of. */
  unfinished(): readonly StoredCommand[];
}

const keptDays = 30;

export function openLedger(folder: string): Ledger {
  mkdirSync(folder, { recursive: true });
  prune(folder);
  const fileOf = (id: string) => join(folder, `${createHash('sha256').update(id).digest('hex')}.json`);
  const find = (id: string) => readJson<StoredCommand>(fileOf(id));
  const store = (command: StoredCommand) => {
    writeDurably(fileOf(command.entry.id), JSON.stringify(command));
    return command;
  };
  return {
    find,
    receive(envelope) {
      const known = find(envelope.id);
      const { taskToken } = envelope;
      if (known !== null) {
        if (taskToken === undefined || known.taskTokens.includes(taskToken)) return known;
        return store({ ...known, taskTokens: [...known.taskTokens, taskToken] });
      }
      const { id, command } = envelope;
      const entry: LedgerEntry = { id, command, receivedAt: new Date().toISOString(), outcome: { status: 'running' } };
      return store({ entry, envelope, taskTokens: taskToken === undefined ? [] : [taskToken] });
    },
    finish(id, outcome) {
      const known = find(id);
      if (known === null) throw new Error(`the ledger has no command ${id}`);
      return store({ ...known, entry: { ...known.entry, outcome } });
    },
    deliver(id, taskToken) {
      const known = find(id);
      if (known !== null) store({ ...known, delivered: [...(known.delivered ?? []), taskToken] });
    },
    unfinished: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => readJson<StoredCommand>(join(folder, name)))
        .filter((command) => command !== null)
        .filter((command) => command.entry.outcome.status === 'running' || undelivered(command).length > 0),
  };
}

/** Tokens of tasks that may still wait for the outcome. */
export function undelivered({ taskTokens, delivered = [] }: StoredCommand): readonly string[] {
  return taskTokens.filter((token) => !delivered.includes(token));
}

function prune(folder: string): void {
  const oldest = Date.now() - keptDays * 86_400_000;
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (statSync(file).mtimeMs < oldest) rmSync(file, { force: true });
  }
}
