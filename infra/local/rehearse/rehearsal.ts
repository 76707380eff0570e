/** A rehearsal from an empty folder to its figures: the cluster, the load, RollingUpgrade, and the old procedure beside it. */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { followNested } from '../../executions/nested.ts';
import type { HopProgress } from '../../upgrade/progress.ts';
import { type Report, reportOf } from '../../upgrade/report.ts';
import type { Screen } from '../../upgrade/screen.ts';
import { watchUpgrade } from '../../upgrade/watch.ts';
import { type ClientsResult, clientVersionAt, deletesV2Keys, startClients } from './clients.ts';
import type { RehearsalCluster } from './cluster.ts';
import { type OldProcedure, type ProcedureResult, replaceTheOldWay } from './oldProcedure.ts';
import type { RehearseOptions } from './options.ts';

export interface Upgraded {
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  readonly report: Report;
  readonly hops: readonly HopProgress[];
  readonly clients: ClientsResult;
  /** Of RollingUpgrade and every UpgradeHop together. */
  readonly history: HistorySize;
  /** Of this machine, over the last minute, before and after. */
  readonly loadAverage: readonly [before: number, after: number];
}

export interface HistorySize {
  /** States entered, which is what Step Functions charges for. */
  readonly transitions: number;
  readonly events: number;
}

/** One minor of the old procedure, or why it did not get through. */
export type OldRotation = Pick<OldProcedure, 'from' | 'to'> &
  ({ readonly result: ProcedureResult } | { readonly problem: string });

/** Under load before the start and after the end, so that both edges can be seen. */
const edgeMs = 2_000;

/** Runs RollingUpgrade under load, whatever comes of it. */
export async function upgradeUnderLoad(
  cluster: RehearsalCluster,
  options: Pick<RehearseOptions, 'from' | 'to' | 'everyMs' | 'strategy'>,
  screen: Screen,
): Promise<Upgraded> {
  const { states, outputs } = cluster;
  const clients = await startClients(cluster, options);
  const before = loadavg()[0] ?? 0;
  await sleep(edgeMs);
  const input = { to: options.to, strategy: options.strategy, ...(deletesV2Keys(options) && { v2Keys: 'delete' }) };
  const { executionArn: arn = '', startDate } = await states.send(
    new StartExecutionCommand({ stateMachineArn: outputs.RollingUpgradeArn, input: JSON.stringify(input) }),
  );
  const startedAtMs = startDate?.getTime() ?? Date.now();
  const withLoad: Screen = { ...screen, show: (status) => screen.show(`${status} · ${loadText(clients.state())}`) };
  const { progress, ended, tookMs } = await watchUpgrade(states, { arn, startedAtMs }, withLoad);
  await sleep(edgeMs);
  const result = await clients.stop();
  return {
    startedAtMs,
    report: reportOf(arn, progress, ended, tookMs),
    hops: progress.hops,
    clients: result,
    history: await historySize(states, arn),
    loadAverage: [before, loadavg()[0] ?? 0],
  };
}

function loadText({ offered, failed, longestGapMs }: ReturnType<Awaited<ReturnType<typeof startClients>>['state']>) {
  return `${offered} writes, ${failed} failed, longest gap ${Math.round(longestGapMs)} ms`;
}

async function historySize(states: SFNClient, arn: string): Promise<HistorySize> {
  let [transitions, events] = [0, 0];
  const count = ({ stateEnteredEventDetails }: { stateEnteredEventDetails?: unknown }) => {
    events++;
    if (stateEnteredEventDetails !== undefined) transitions++;
  };
  await followNested(states, arn, count, async () => {});
  return { transitions, events };
}

/** The hops for which the old procedure would have replaced every instance: one for each minor, or one for a patch. */
export function rotationsFor(hops: readonly Pick<HopProgress, 'kind' | 'from' | 'to'>[]): readonly RotationOfHop[] {
  const minors = hops.filter(({ kind }) => kind === 'minor');
  const all = minors.length > 0 ? minors : hops.filter(({ kind }) => kind === 'patch');
  return all.map(({ from, to }) => ({ from, to }));
}

type RotationOfHop = Pick<OldProcedure, 'from' | 'to'>;

/** Each on a cluster of its own; one that fails does not keep the next from being tried. */
export async function emulateOldProcedure(
  rotations: readonly RotationOfHop[],
  { members, everyMs }: Pick<RehearseOptions, 'members' | 'everyMs'>,
  say: (line: string) => void,
): Promise<readonly OldRotation[]> {
  const emulated: OldRotation[] = [];
  for (const { from, to } of rotations) {
    say(`The old procedure, emulated: ${from} to ${to}`);
    const options = { members, from, to, everyMs, clientVersion: clientVersionAt(from) };
    emulated.push(
      await replaceTheOldWay(options).then(
        (result) => ({ from, to, result }),
        (error: Error) => ({ from, to, problem: error.message }),
      ),
    );
  }
  return emulated;
}
