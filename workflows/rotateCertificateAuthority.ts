/**
 * RotateCertificateAuthority: from one certificate authority to the next, and back while both are trusted.
 *
 *   Receive the request -> Check the request -> Ask for the authorities -> Plan the rotation -> Dry run only?  yes -> Nothing changed
 *   no -> Take the operation lock -> Go on with the rotation?
 *     no (abandoned) -> Release the lock of the abandoned rotation -> Rotation abandoned
 *     yes -> Trust both authorities                -> Have every member trust both
 *         -> Sign with the wanted authority        -> Clients know it?  no  -> Release the lock meanwhile -> Clients are waited for
 *                                                     yes -> Have every member show certificates of it
 *         -> Trust the wanted authority alone      -> Clients have left the other?  no  -> as above
 *                                                     yes -> Have every member forget the other
 *         -> Release the lock -> Certificate authority rotated
 *
 *   A failure under the lock -> Explain the failure -> Rotation halted with the lock kept
 *
 * Every step of the authorities is the certificate signer's, as nobody else may write what is trusted; each member's is
 * ReconfigureMembers'. Both change nothing where it is done already, so that starting it again goes on. Between two steps all
 * members trust whatever any of them shows.
 */
import { Choice, Condition, type IChainable, JsonPath, Pass, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { caught, explainFailure, failExplained } from './failures.ts';
import { receiveRequest, takeOperationLock } from './operation.ts';
import {
  longestReconfigurationSeconds,
  type Reconfiguration,
  type ReconfigureMembersProps,
  reconfigureStep,
} from './reconfigureMembers.ts';
import { type MachineScope, step } from './step.ts';

/** Trust both, show those of the wanted one, forget the other. */
const reconfigurations = 3;
/** Between two tasks that renew it: the start of a nested execution. */
const leaseSeconds = 900;
const otherTasksSeconds = 3_600;

/** When the machine as a whole gives up: after every step in it has had its time. */
export function longestAuthorityRotationSeconds(props: ReconfigureMembersProps): number {
  return reconfigurations * longestReconfigurationSeconds(props) + otherTasksSeconds;
}

const execution = '$$.Execution.Id';
const token = '$.lock.token';
const held = { execution, token, leaseSeconds } as const;
const after = '$.after';

/** The machine's definition. */
export function rotateCertificateAuthority(machine: MachineScope, props: Reconfiguration): IChainable {
  const { scope } = machine;
  const receive = receiveRequest(machine);
  const check = step(
    machine,
    'Check the request',
    'checkAuthorityRotation',
    { request: '$.input' },
    { resultPath: '$.request' },
  );
  const ask = step(
    machine,
    'Ask for the authorities',
    'readAuthorities',
    { authority: 'read' },
    { resultPath: '$.authorities' },
  );
  const plan = step(
    machine,
    'Plan the rotation',
    'planAuthorityRotation',
    { execution, request: '$.request', authorities: '$.authorities' },
    { resultPath: '$.plan' },
  );
  const dryRun = new Choice(scope, 'Dry run only?');
  const unchanged = new Succeed(scope, 'Nothing changed', { outputPath: '$.plan' });
  const takeLock = takeOperationLock(machine, { purpose: 'RotateCertificateAuthority', leaseSeconds, joins: false });
  const onward = new Choice(scope, 'Go on with the rotation?');
  const move = { ...held, generation: '$.plan.wanted' } as const;
  const trust = step(
    machine,
    'Trust both authorities',
    'moveAuthority',
    { ...move, authority: 'trust', when: 'now' },
    { resultPath: after },
  );
  const trusting = reconfigureStep(machine, 'Have every member trust both', props, wanted(''));
  const sign = step(
    machine,
    'Sign with the wanted authority',
    'moveAuthority',
    { ...move, authority: 'sign', when: '$.request.sign' },
    { resultPath: after },
  );
  const issuer = JsonPath.stringAt(`${after}.issuer`);
  const known = new Choice(scope, 'Clients know it?');
  const showing = reconfigureStep(machine, 'Have every member show certificates of it', props, wanted(issuer));
  const drop = step(
    machine,
    'Trust the wanted authority alone',
    'moveAuthority',
    { ...move, authority: 'trustOnly', when: '$.request.drop' },
    { resultPath: after },
  );
  const left = new Choice(scope, 'Clients have left the other?');
  const forgetting = reconfigureStep(machine, 'Have every member forget the other', props, wanted(issuer));
  const release = step(machine, 'Release the lock', 'releaseLock', { holder: execution, token });
  const rotated = new Succeed(scope, 'Certificate authority rotated', { outputPath: after });
  const unknown = waitsFor(scope, 'Tell who does not trust both', awareness);
  const inUse = waitsFor(scope, 'Tell who has certificates of the other', renewal);
  const releaseMeanwhile = step(machine, 'Release the lock meanwhile', 'releaseLock', { holder: execution, token });
  const waiting = new Succeed(scope, 'Clients are waited for', { outputPath: '$.waiting' });
  const releaseAbandoned = step(machine, 'Release the lock of the abandoned rotation', 'releaseLock', {
    holder: execution,
    token,
  });
  const abandoned = new Succeed(scope, 'Rotation abandoned', { outputPath: '$.plan' });

  const explainRefusal = explainFailure(machine, 'Explain the refusal');
  explainRefusal.next(failExplained(scope, 'Rotation refused'));
  for (const state of [check, ask, plan, takeLock]) state.addCatch(explainRefusal, caught);
  const explain = explainFailure(machine, 'Explain the failure');
  explain.next(
    failExplained(
      scope,
      'Rotation halted with the lock kept',
      JsonPath.format(
        '{}; the lock is kept: start RotateCertificateAuthority again to go on, or with action rollBack or abandon (runbook: docs/runbook.md#authority-rotation-halted)',
        JsonPath.stringAt('$.explanation.cause'),
      ),
    ),
  );
  for (const state of [trust, trusting, sign, showing, drop, forgetting, release, releaseMeanwhile, releaseAbandoned])
    state.addCatch(explain, caught);

  const isMoved = Condition.stringEquals(`${after}.verdict`, 'moved');
  releaseAbandoned.next(abandoned);
  unknown.next(releaseMeanwhile);
  inUse.next(releaseMeanwhile).next(waiting);
  forgetting.next(release).next(rotated);
  drop.next(left.when(isMoved, forgetting).otherwise(inUse));
  showing.next(drop);
  sign.next(known.when(isMoved, showing).otherwise(unknown));
  trust.next(trusting).next(sign);
  takeLock.next(onward.when(Condition.stringEquals('$.request.action', 'abandon'), releaseAbandoned).otherwise(trust));
  return receive
    .next(check)
    .next(ask)
    .next(plan)
    .next(dryRun.when(Condition.booleanEquals('$.request.dryRun', true), unchanged).otherwise(takeLock));
}

/** @param issuer whose certificates they are to show; empty: whosoever */
const wanted = (issuer: string) => ({ transport: 'tls', trusted: JsonPath.objectAt(`${after}.trusted`), issuer });

const awareness =
  'These certificates of clients came without the CA certificate that members will be known by. Give every client the certificates of this answer as its CA file, then start RotateCertificateAuthority with "sign": "now"; or wait until they have ended.';
const renewal =
  'These certificates of clients are of the authority that is to go. Give every client a new one (npm run client-certificate), then start RotateCertificateAuthority with "drop": "now"; or wait until they have ended.';

/** What an operator has to do before the execution that comes next. */
function waitsFor(scope: MachineScope['scope'], state: string, what: string): Pass {
  return new Pass(scope, state, {
    parameters: {
      waitsFor: what,
      clients: JsonPath.objectAt(`${after}.clients`),
      certificates: JsonPath.stringAt(`${after}.certificates`),
    },
    resultPath: '$.waiting',
  });
}
