/** etcd's settings that an operator may change while a cluster runs: as the record has them, and as its command line. Pure. */
import { factsOf } from './minors.ts';
import { type RaftTiming, timingArguments } from './timing.ts';
import { compareVersions } from './versions.ts';

export interface EtcdTuning {
  /** Bytes the database may grow to before the NOSPACE alarm; 3.0 on. */
  readonly quotaBackendBytes: number;
  /** Hours of history that are kept; 0: etcd compacts nothing by itself; 3.0 on. */
  readonly compactionHours: number;
  /** Of members in two regions; absent: etcd's own. */
  readonly timing?: RaftTiming;
}

/** Names of the flags that tuning decides; what else is on a command line belongs to the member. */
const tuned = [
  '--quota-backend-bytes=',
  '--auto-compaction-mode=',
  '--auto-compaction-retention=',
  '--heartbeat-interval=',
  '--election-timeout=',
  '--initial-election-tick-advance=',
  '--pre-vote=',
];

/** `--auto-compaction-retention` takes hours as a number up to 3.2, and from 3.3 on a duration beside a mode (CHANGELOG-3.3). */
export function tuningArguments(version: string, { timing, ...backend }: EtcdTuning): string[] {
  return [...backendArguments(version, backend), ...(timing === undefined ? [] : timingArguments(version, timing))];
}

function backendArguments(
  version: string,
  { quotaBackendBytes, compactionHours }: Omit<EtcdTuning, 'timing'>,
): string[] {
  if (factsOf(version).dataApi === 'v2') return [];
  const quota = `--quota-backend-bytes=${quotaBackendBytes}`;
  if (compactionHours === 0) return [quota];
  if (compareVersions(version, '3.3.0') < 0) return [quota, `--auto-compaction-retention=${compactionHours}`];
  return [quota, '--auto-compaction-mode=periodic', `--auto-compaction-retention=${compactionHours}h`];
}

/** A command line with its tuning replaced. */
export function retuned(args: readonly string[], version: string, tuning: EtcdTuning): string[] {
  return [...args.filter((argument) => !isTuned(argument)), ...tuningArguments(version, tuning)];
}

/** Whether a process with these arguments runs with this tuning. */
export function isTunedAs(args: readonly string[], version: string, tuning: EtcdTuning): boolean {
  const has = args.filter(isTuned).sort().join(' ');
  return has === tuningArguments(version, tuning).sort().join(' ');
}

function isTuned(argument: string): boolean {
  return tuned.some((name) => argument.startsWith(name));
}
