/** The member of this instance, for good: booted or joined, kept running, and, where its data is lost, joined anew. */
import { isAt } from '#etcd/addresses.ts';
import { exitCause } from '#etcd/exits.ts';
import { statesOf } from '#etcd/knownMembers.ts';
import { safetyOf } from '#etcd/membership.ts';
import { type Clock, systemClock } from '../machine/clock.ts';
import type { EtcdCommand } from '../machine/etcdProcess.ts';
import type { Log } from '../machine/log.ts';
import type { Identity } from '../machine/metadata.ts';
import type { ClusterRecord } from '../machine/record.ts';
import { type BootOptions, boot, versionOf } from './boot.ts';
import type { Disk } from './disk.ts';
import type { EndDecision, Supervisor } from './supervise.ts';
import type { Surroundings } from './surroundings.ts';
import type { Tuning } from './tuning.ts';

const firstRunMs = 50;
const noteAgainMs = 1_000;

/** Never ends by itself. */
export async function keepMember(
  options: BootOptions & { readonly tuning?: Pick<Tuning, 'refresh'> },
  supervisor: Supervisor,
): Promise<never> {
  const { disk, log, enter, tuning, clock = systemClock } = options;
  for (;;) {
    const command = await boot(options);
    // Known before the first start, so that none is needed for the settings alone.
    await tuning?.refresh();
    const { givenUp } = await supervisor.keepRunning(command);
    enter('running', `etcd ${versionOf(command)} is kept running`);
    const stopNoting = noteFirstRun(disk, clock, log);
    const why = await givenUp;
    stopNoting();
    if (why === 'notJoined') {
      // It wrote nothing, so it has not voted: the same registration may be started again, from a new list.
      const registration = disk.registration();
      disk.register(registration === null ? null : { ...registration, started: false });
      continue;
    }
    const kept = disk.setAside(why);
    log('data set aside', { why, kept }, 'error');
  }
}

/** From the first bytes that etcd writes to its log. @returns what ends the watch */
function noteFirstRun(disk: Disk, clock: Clock, log: Log): () => void {
  let watching = true;
  let failed = '';
  /** @returns whether there is nothing more to note. */
  const noted = () => {
    try {
      if (!disk.hasMember()) return false;
      disk.noteRun();
      return true;
    } catch (error) {
      // A full disk takes no note now.
      if (failed !== (error as Error).message) log('run not noted', { error: (error as Error).message }, 'error');
      failed = (error as Error).message;
      return false;
    }
  };
  void (async () => {
    while (watching && !noted()) await clock.sleep(failed === '' ? firstRunMs : noteAgainMs);
  })();
  return () => {
    watching = false;
  };
}

/**
 * The command as the disk allows it: a member that has run and whose data is gone is never started under its id again, and
 * one that has run never forms a new cluster, whatever became of its data.
 */
export function startAllowed(
  disk: Pick<Disk, 'hasMember' | 'hasRun'>,
  command: EtcdCommand,
): EtcdCommand | { giveUp: string } {
  if (!disk.hasRun()) return command;
  if (!disk.hasMember()) return { giveUp: 'wiped' };
  const existing = command.arguments.map((argument) =>
    argument.startsWith('--initial-cluster-state=') ? '--initial-cluster-state=existing' : argument,
  );
  return { ...command, arguments: existing };
}

/**
 * What an end of etcd means. Data is given up only where the cluster says that it is of no use: the member was removed, or
 * it cannot be read and the others have a quorum without it.
 */
export async function decideEnd(
  { disk, look, identity, record }: Pick<BootOptions, 'disk' | 'look' | 'identity' | 'record'>,
  lastWords: string,
): Promise<EndDecision> {
  const cause = exitCause(lastWords);
  if (cause === 'notJoined') return disk.hasMember() ? 'again' : { giveUp: 'notJoined' };
  if (cause !== 'removed' && cause !== 'corrupt') return 'again';
  if (cause === 'corrupt' && (await isBeingUpgraded(disk, record))) return 'again';
  const { seen } = await look();
  if (seen === null) return 'again';
  const own = ownIn(seen, identity);
  if (own === undefined) return { giveUp: cause };
  if (cause === 'removed') return 'again';
  const { verdict } = safetyOf(statesOf(seen.members), { kind: 'remove', name: own.id });
  return verdict === 'safe' ? { giveUp: 'corrupt' } : 'again';
}

/** What a new release cannot read may be sound: the upgrade puts the old one back over it. */
async function isBeingUpgraded(
  disk: Pick<Disk, 'member' | 'previousMember'>,
  record: Pick<ClusterRecord, 'readLock'>,
): Promise<boolean> {
  const previous = disk.previousMember()?.version;
  if (previous === undefined || previous === disk.member()?.version) return false;
  const lock = await record.readLock();
  return lock?.holder !== undefined && lock.purpose === 'RollingUpgrade';
}

function ownIn(
  { members }: Surroundings,
  { instanceId, address }: Pick<Identity, 'instanceId' | 'address'>,
): Surroundings['members'][number] | undefined {
  return members.find(({ name, peerUrls }) => name === instanceId || isAt(peerUrls, address));
}
