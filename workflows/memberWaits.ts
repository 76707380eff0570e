/** The waits for a member that comes and for one that goes: what a rotation and a change of regions have in common. */
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { dataSeconds, type MemberTimes } from './dataTime.ts';
import { longestBriefly, lostCallback, newcomerUnreachable, unreachableBriefly } from './retryPolicies.ts';
import { awaitStep, type MachineScope, type Path, type Payload } from './step.ts';

/** Who holds the operation lock, and for how long a step may take it. */
export interface Held {
  readonly execution: Path;
  readonly token: Path;
  readonly leaseSeconds: number;
}

/** Above the agent's own deadline, so that normally the agent says why. */
const marginSeconds = 60;
/** Tasks that only read and write, in seconds for all of one member. */
const otherTasksSeconds = 600;

const goneSeconds = (props: MemberTimes) => props.memberHealthyTimeoutSeconds + marginSeconds;
/** A new member fetches all that there is. */
const newcomerSeconds = (props: MemberTimes) => goneSeconds(props) + dataSeconds(props);

/** The longest that this many waits for one member take, each of which may lose its callback, and the tasks between them. */
export function longestWaitsSeconds(props: MemberTimes, waits: number): number {
  return waits * ((1 + lostCallback.maxAttempts) * newcomerSeconds(props) + longestBriefly) + otherTasksSeconds;
}

export interface MemberWaits {
  /** Names of the two states that differ from machine to machine. */
  readonly names: { readonly joined: string; readonly gone: string };
  /** Whom the new member is told from. */
  readonly newcomer: Pick<Payload<'awaitNewMember'>, 'old' | 'witness' | 'known'>;
  /** Where the new member is put. */
  readonly added: Path;
  /** Where the member that leaves is found. */
  readonly leaving: Path;
}

/** Three states, with their deadlines and retries; what comes before and after each is the machine's. */
export function memberWaits(
  machine: MachineScope,
  { execution, token }: Held,
  props: MemberTimes,
  { names, newcomer, added, leaving }: MemberWaits,
): { readonly joined: LambdaInvoke; readonly healthy: LambdaInvoke; readonly gone: LambdaInvoke } {
  const taskToken = '$$.Task.Token';
  const joined = awaitStep(
    machine,
    names.joined,
    'awaitNewMember',
    { execution, token, ...newcomer, taskToken },
    { resultPath: added, timeoutSeconds: newcomerSeconds(props) },
  );
  const healthy = awaitStep(
    machine,
    'Wait until the new member is healthy',
    'awaitSuccessorHealth',
    { execution, token, successor: added, taskToken },
    { timeoutSeconds: newcomerSeconds(props) },
  );
  const gone = awaitStep(
    machine,
    names.gone,
    'awaitMemberGone',
    { execution, token, leaving, taskToken },
    { timeoutSeconds: goneSeconds(props) },
  );
  for (const state of [joined, healthy, gone]) state.addRetry(lostCallback);
  joined.addRetry(unreachableBriefly);
  healthy.addRetry(newcomerUnreachable);
  gone.addRetry(unreachableBriefly);
  return { joined, healthy, gone };
}
