/** Receives commands, runs each once, and delivers how it ended. */
import { join } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import type { Tuning } from '../duties/tuning.ts';
import { readIfThere, writeDurably } from '../machine/files.ts';
import type { Log } from '../machine/log.ts';
import type { TaskTokens } from '../machine/taskToken.ts';
import type { CommandEnvelope, CommandName, CommandReply, Commands, Description, Outcome } from '../protocol.ts';
import { type AwaitHealthyContext, awaitHealthy } from './awaitHealthy.ts';
import { awaitMemberGone, awaitNewMember } from './awaitMembership.ts';
import { awaitTiming } from './awaitTiming.ts';
import { backUp } from './backUp.ts';
import { awaitClusterVersion, takeRaftSnapshot } from './clusterVersion.ts';
import { describe } from './describe.ts';
import { parseEnvelope } from './envelope.ts';
import { installRelease } from './installRelease.ts';
import { openLedger, type StoredCommand, undelivered } from './ledger.ts';
import { measureRoundTrips } from './measureRoundTrips.ts';
import { secureMember } from './secureMember.ts';
import { survey } from './survey.ts';
import type { UpgradeContext } from './upgradeContext.ts';
import { upgradeMember } from './upgradeMember.ts';
import { checkV2Store, deleteV2Keys } from './v2Store.ts';

export interface CommandsOptions {
  /** Folder of the agent's own state. */
  readonly state: string;
  readonly tokens: TaskTokens;
  readonly log: Log;
  readonly current: () => Promise<Description>;
  readonly health: Omit<AwaitHealthyContext, 'receivedAtMs'>;
  readonly upgrade: Omit<UpgradeContext, 'receivedAtMs' | 'isSuperseded' | 'fencingToken'>;
  readonly tuning: Pick<Tuning, 'current' | 'isPending'>;
}

export interface CommandReceiver {
  /** Takes a payload; a command without a task token is answered with its outcome where that takes under 8 s. */
  receive(payload: string): Promise<CommandReply>;
  /** Goes on with what an earlier agent had begun. */
  resume(): void;
}

type Verbs = {
  readonly [Name in CommandName]: (input: Commands[Name]['input']) => Promise<Commands[Name]['result']>;
};

const defaultHeartbeatSeconds = 10;
/** A survey of an etcd that hangs takes 6 s: each of its calls has a deadline of 1.5 s. */
const answerWithinMs = 8_000;

export function createCommands(options: CommandsOptions): CommandReceiver {
  const { state, tokens, log } = options;
  const ledger = openLedger(join(state, 'ledger'));
  const running = new Map<string, Promise<Outcome>>();

  /** @param waitedMs since it was received, by an earlier agent */
  function run(stored: StoredCommand, waitedMs = 0): Promise<Outcome> {
    const { envelope, entry } = stored;
    const known = running.get(entry.id);
    if (known !== undefined) return known;
    const beat = setInterval(
      () => {
        for (const token of ledger.find(entry.id)?.taskTokens ?? []) void tokens.heartbeat(token);
      },
      (envelope.heartbeatSeconds ?? defaultHeartbeatSeconds) * 1000,
    );
    const outcome = execute(envelope, performance.now() - waitedMs)
      .then((result): Outcome => ({ status: 'succeeded', result }), failed)
      .then((ended) => {
        clearInterval(beat);
        log('command ended', { id: entry.id, ...(ended.status === 'failed' ? ended : { status: ended.status }) });
        deliver(unlessFull(() => ledger.finish(entry.id, ended)) ?? ledger.find(entry.id) ?? stored, ended);
        return ended;
      })
      .finally(() => running.delete(entry.id));
    running.set(entry.id, outcome);
    return outcome;
  }

  function deliver(stored: StoredCommand, outcome: Outcome): void {
    for (const token of undelivered(stored))
      void tokens.finish(token, outcome).then(() => unlessFull(() => ledger.deliver(stored.entry.id, token)));
  }

  /** An agent that ended because it cannot note something would end again and again. */
  function unlessFull<T>(note: () => T): T | null {
    try {
      return note();
    } catch (error) {
      log('not noted in the ledger', { error: (error as Error).message }, 'error');
      return null;
    }
  }

  async function execute(envelope: CommandEnvelope, receivedAtMs: number): Promise<unknown> {
    const { command, input, fencingToken = 0 } = envelope;
    const isSuperseded = () => newestToken(state) > fencingToken;
    const upgrade: UpgradeContext = { ...options.upgrade, receivedAtMs, fencingToken, isSuperseded };
    const verbs: Verbs = {
      describe: (asked) => describe(asked, options.current, ledger),
      awaitHealthy: (asked) => awaitHealthy(asked, { ...options.health, receivedAtMs }),
      awaitNewMember: (asked) => awaitNewMember(asked, { ...options.health, receivedAtMs }),
      awaitMemberGone: (asked) => awaitMemberGone(asked, { ...options.health, receivedAtMs }),
      survey: () => survey(upgrade),
      installRelease: (asked) => installRelease(asked, upgrade),
      upgradeMember: (asked) => upgradeMember(asked, upgrade),
      secureMember: (asked) => secureMember(asked, upgrade),
      awaitClusterVersion: (asked) => awaitClusterVersion(asked, upgrade),
      backUp: (asked) => backUp(asked, upgrade),
      checkV2Store: () => checkV2Store(upgrade),
      deleteV2Keys: () => deleteV2Keys(upgrade),
      takeRaftSnapshot: (asked) => takeRaftSnapshot(asked, upgrade),
      measureRoundTrips: (asked) => measureRoundTrips(asked, upgrade),
      awaitTiming: (asked) =>
        awaitTiming(asked, { ...upgrade, withDataMs: options.health.withDataMs, tuning: options.tuning }),
    };
    // The envelope was checked: the input is the one of its command.
    return (verbs[command] as (asked: unknown) => Promise<unknown>)(input);
  }

  async function accept(envelope: CommandEnvelope): Promise<CommandReply> {
    checkFencing(state, envelope);
    const before = ledger.find(envelope.id);
    const stored = ledger.receive(envelope);
    log('command received', { id: envelope.id, command: envelope.command, again: before !== null });
    const { outcome } = stored.entry;
    if (outcome.status !== 'running') {
      deliver(stored, outcome);
      return { accepted: true, id: envelope.id, entry: stored.entry };
    }
    const ended = run(stored);
    if (envelope.taskToken === undefined)
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, answerWithinMs).unref())]);
    return { accepted: true, id: envelope.id, entry: ledger.find(envelope.id)?.entry ?? stored.entry };
  }

  return {
    async receive(payload) {
      try {
        return await accept(parseEnvelope(payload));
      } catch (error) {
        const { fault, cause } = failed(error);
        log('command refused', { fault, cause }, 'warn');
        return { accepted: false, fault, cause };
      }
    },
    resume() {
      for (const stored of ledger.unfinished()) {
        const { id, outcome } = stored.entry;
        log('command resumed', { id, outcome: outcome.status });
        if (outcome.status === 'running') void run(stored, sinceMs(stored));
        else deliver(stored, outcome);
      }
    },
  };
}

/** By the machine's clock, all that is left of an earlier agent; one that was set back since makes nothing of it. */
function sinceMs({ entry }: StoredCommand): number {
  return Math.max(0, Date.now() - Date.parse(entry.receivedAt));
}

/** Tokens only grow: an operation that lost the lock cannot command any more. */
function checkFencing(state: string, { fencingToken, id }: CommandEnvelope): void {
  if (fencingToken === undefined) return;
  const newest = newestToken(state);
  if (fencingToken < newest) {
    throw new Fault(
      'StaleToken',
      `the command ${id} carries the fencing token ${fencingToken}, but ${newest} was seen already: another operation has taken the lock since`,
    );
  }
  if (fencingToken > newest) writeDurably(tokenFile(state), String(fencingToken));
}

function newestToken(state: string): number {
  return Number(readIfThere(tokenFile(state)) ?? 0);
}

function tokenFile(state: string): string {
  return join(state, 'fencing-token');
}

function failed(error: unknown): Extract<Outcome, { status: 'failed' }> {
  if (error instanceof Fault) return { status: 'failed', fault: error.name, cause: error.message };
  return { status: 'failed', fault: 'CommandFailed', cause: `the agent failed: ${(error as Error)?.message ?? error}` };
}
