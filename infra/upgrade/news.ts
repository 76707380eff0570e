/** What a step is worth telling, a line each. Pure. */
import { bytesText } from '../operator/text.ts';
import { planText } from './plan.ts';
import { currentHop, currentMember, type Progress } from './progress.ts';
import { isCaught, pauseSeconds, type Step } from './steps.ts';
import { wayOf } from './way.ts';

/** States of both machines that say nothing when they are entered: brief ones, those of one member inside a Map, the ends. */
export const quiet: ReadonlySet<string> = new Set([
  'Receive the request',
  'Check the request',
  'Plan the upgrade',
  'Dry run only?',
  'Nothing changed',
  'Take the operation lock',
  'Begin the upgrade',
  'Go on with the upgrade?',
  'Choose the next hop',
  'Another hop?',
  'Another hop after it?',
  'Upgrade paused with the lock kept',
  'End the upgrade',
  'Release the lock',
  'Cluster upgraded',
  'End the abandoned upgrade',
  'Release the lock of the abandoned upgrade',
  'Upgrade abandoned',
  'Explain the refusal',
  'Upgrade refused',
  'Explain the failure',
  'Upgrade halted with the lock kept',
  'Install the release',
  'Back up the member',
  'Anything to do about the v2 store?',
  'Look through the v2 store',
  'Replace the instances?',
  'Begin the rotation',
  'Choose the next instance',
  'Another instance to replace?',
  'Go on with the member that leaves',
  'Note the replacement',
  'No instance left',
  'Choose the next member',
  'Another member to upgrade?',
  'Wait until the member reports it',
  'Raft snapshots needed?',
  'Have the member take a raft snapshot',
  'Note the hop',
  'Hop done',
  'Hop failed',
]);

type Tell = (progress: Progress, step: Step) => string | null;

/** Instead of the state's name. */
export const enteredNews: Readonly<Record<string, Tell>> = {
  'Climb one hop': (progress) => {
    const hop = currentHop(progress);
    return hop && `Hop ${hop.number} of ${hop.of}: ${wayOf(hop)}`;
  },
  'Upgrade the member': (progress) => {
    const member = currentMember(progress);
    return member && `  ${member.member}${member.leads ? ', which leads' : ''}: upgrade${place(progress)}`;
  },
  'Add an instance': (progress) => `  ${currentMember(progress)?.member}: add an instance first${place(progress)}`,
  // Nothing is backed up before a patch.
  'Back up the cluster': (_, { state, data }) =>
    (data.backups as readonly unknown[]).length > 0 ? `  ${state}` : null,
  'Pause before the next member': paused,
  'Pause before the next instance': paused,
};

/** What came out of it. */
export const leftNews: Readonly<Record<string, Tell>> = {
  'Plan the upgrade': ({ plan }) => plan && planText(plan),
  'Take the operation lock': () => 'The operation lock is held',
  'Climb one hop': ({ hops }) => {
    const hop = hops.at(-1);
    return hop === undefined ? null : `Hop ${hop.number} of ${hop.of} done`;
  },
  'Back up the member': (_, { data }) => {
    const { member, key, bytes } = data.done as { member: string; key: string; bytes: number };
    return `  ${member}: ${bytesText(bytes)} backed up to ${key}`;
  },
  'Upgrade the member': (_, { data }) => {
    const { member, version, downMs } = data.done as { member: string; version: string; downMs: number };
    return `  ${member}: runs ${version}${downMs > 0 ? `, ${downMs} ms without etcd` : ' already'}`;
  },
  'Note the replacement': ({ hops }) => {
    const replaced = hops.at(-1)?.members.at(-1);
    return replaced?.successor ? `  ${replaced.member}: replaced by ${replaced.successor}` : null;
  },
  'Wait until every member reports the new cluster version': (_, { data }) => {
    const { clusterVersion } = data.hop as { clusterVersion: string };
    return clusterVersion === '' ? null : `  every member reports the cluster version ${clusterVersion}`;
  },
};

/** @param progress with the step already in it */
export function newsOf(progress: Progress, step: Step): string | null {
  const { state, type } = step;
  if (type === 'left') return isCaught(step) ? null : (leftNews[state]?.(progress, step) ?? null);
  const tell = enteredNews[state];
  if (tell !== undefined) return tell(progress, step);
  return quiet.has(state) ? null : `${currentHop(progress) === null ? '' : '  '}${state}`;
}

/** `, 2 of 3`: which member of the hop. */
function place(progress: Progress): string {
  const hop = currentHop(progress);
  return hop === null || hop.members.length > hop.size ? '' : `, ${hop.members.length} of ${hop.size}`;
}

function paused(_: Progress, step: Step): string | null {
  const seconds = pauseSeconds(step);
  return seconds > 0 ? `  ${step.state}: ${seconds} s` : null;
}
