/** etcd's settings as the deployment has written them: on every start, and on a running member by a restart in its turn. */
import { join } from 'node:path';
import { statesOf } from '#etcd/knownMembers.ts';
import { heirsAtHome, moveLeaderFrom } from '#etcd/leadership.ts';
import { quorum } from '#etcd/membership.ts';
import { type EtcdTuning, isTunedAs, retuned } from '#etcd/tuning.ts';
import { compareVersions } from '#etcd/versions.ts';
import { createEtcdMembership } from '../machine/etcdMembership.ts';
import type { EtcdCommand } from '../machine/etcdProcess.ts';
import { readJson, writeDurably } from '../machine/files.ts';
import type { Layout } from '../machine/layout.ts';
import type { Log } from '../machine/log.ts';
import type { MembershipTurns, TurnInHand } from '../machine/membershipTurns.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import { lockHeld } from './housekeeping.ts';
import type { Observation } from './observe.ts';
import type { Supervisor } from './supervise.ts';
import type { Look } from './surroundings.ts';

export interface TuningOptions {
  readonly identity: Identity;
  readonly layout: Pick<Layout, 'state'>;
  readonly record: ClusterRecord;
  readonly log: Log;
  /** X.Y.Z of a command. */
  readonly versionOf: (command: EtcdCommand) => string;
}

export interface Tuning {
  /** Reads the record's settings; where it cannot, the last ones stay. */
  refresh(): Promise<void>;
  /** The command with the settings as they are known now; notes what etcd is started with. */
  applied(command: EtcdCommand): EtcdCommand;
  /** Whether the etcd that runs was started with other settings. */
  isPending(): boolean;
  /** The settings as they were read last; null before. */
  current(): EtcdTuning | null;
}

export function createTuning({ layout, record, log, versionOf }: TuningOptions): Tuning {
  const known = join(layout.state, 'tuning.json');
  const started = join(layout.state, 'started-with.json');
  let tuning = readJson<EtcdTuning>(known);

  /** Where members are in one region, nobody has to be asked how far they are from each other. */
  async function read(): Promise<EtcdTuning | null> {
    const settings = await record.readSettings();
    if (settings === null) return null;
    if ((settings.regions?.length ?? 1) < 2) return settings.etcd;
    const timing = await record.readTiming();
    if (timing === null) return settings.etcd;
    const { heartbeatIntervalMs, electionTimeoutMs } = timing;
    return { ...settings.etcd, timing: { heartbeatIntervalMs, electionTimeoutMs } };
  }

  return {
    async refresh() {
      const fresh = await read().catch(() => null);
      if (fresh === null || JSON.stringify(fresh) === JSON.stringify(tuning)) return;
      tuning = fresh;
      writeDurably(known, JSON.stringify(fresh));
      log('settings of etcd', { ...fresh });
    },
    applied(command) {
      const args = tuning === null ? command.arguments : retuned(command.arguments, versionOf(command), tuning);
      const applied = { ...command, arguments: args };
      try {
        writeDurably(started, JSON.stringify(applied));
      } catch (error) {
        // A full disk of the agent's is no reason not to start etcd.
        log('what etcd is started with is not noted', { error: (error as Error).message }, 'error');
      }
      return applied;
    },
    current: () => tuning,
    isPending() {
      const running = readJson<EtcdCommand>(started);
      return running !== null && tuning !== null && !isTunedAs(running.arguments, versionOf(running), tuning);
    },
  };
}

export interface RestartOptions {
  readonly identity: Identity;
  readonly record: ClusterRecord;
  readonly turns: MembershipTurns;
  readonly look: () => Promise<Look>;
  readonly observe: () => Promise<Observation>;
  readonly supervisor: Supervisor;
  readonly log: Log;
  /** Whether etcd has to be started again for another reason: certificates that it does not read by itself. */
  readonly isStale: () => boolean;
}

const handOffTimeoutMs = 7_000;
/** Within the turn: whoever restarts next looks anyway whether this member is healthy. */
const healthyWithinMs = 10_000;
const pollMs = 200;

/**
 * Restarts this member where its settings, or certificates that it does not read by itself, changed: in its turn, while every
 * other voter is healthy and they are a quorum without it, the leadership handed over before (3.3 on).
 * @returns why it was not done; null where there was nothing to do, or it was done
 */
export async function restartTuned(tuning: Tuning, options: RestartOptions): Promise<string | null> {
  await tuning.refresh();
  const why = tuning.isPending()
    ? 'its settings were changed by a deployment'
    : options.isStale()
      ? 'its certificates were renewed, and it reads what changed when it starts'
      : null;
  if (why === null) return null;
  // An operation under which settings change lets members restart for them.
  const held = await lockHeld(options.record, ({ tunes }) => tunes === true);
  if (held !== null) return held;
  const taken = await options.turns.take('restart', async (turn) => ({
    changed: false,
    result: await restart(options, turn, why),
  }));
  return taken.busy ?? taken.result;
}

async function restart(
  { identity, look, observe, supervisor, record, log }: RestartOptions,
  turn: TurnInHand,
  why: string,
): Promise<string | null> {
  const view = await look();
  if (view.seen === null) return view.reason;
  const { members, leaderId, version } = view.seen;
  const own = members.find(({ name }) => name === identity.instanceId);
  if (own === undefined) return 'this instance is not a member yet';
  const others = members.filter(({ id, isLearner }) => id !== own.id && !isLearner);
  const down = others.find(({ healthy }) => !healthy);
  if (down !== undefined) return `${down.name || down.id} is not healthy`;
  const voters = statesOf(members).filter(({ learner }) => !learner).length;
  if (others.length < quorum(voters) && voters > 1) return 'the others are no quorum';
  const [heir] = heirsAtHome(others, members);
  if (leaderId === own.id && heir !== undefined && compareVersions(version, moveLeaderFrom) >= 0) {
    const here = createEtcdMembership({ address: identity.address, version, timeoutMs: handOffTimeoutMs });
    await here.moveLeader(heir.id).catch((error: Error) => log('hand-off refused', { error: error.message }, 'warn'));
  }
  turn.check();
  await supervisor.restart();
  await record.audit({ what: `etcd on ${own.name} restarted`, why });
  for (let waitedMs = 0; waitedMs < healthyWithinMs; waitedMs += pollMs) {
    const { seen } = await observe();
    if (seen.readAndWrite.ok) return null;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return 'it was restarted and does not answer yet';
}
