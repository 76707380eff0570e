/** Tasks: how their calls begin, succeed and fail, and the history events of each. */
import { randomBytes, randomUUID } from 'node:crypto';
import { contextObject } from './contextObject.ts';
import { effectiveInput, stateOutput } from './dataflow.ts';
import type { TaskState } from './definition.ts';
import { dataLimitError, StatesError } from './errors.ts';
import { exitState, nextOf } from './flow.ts';
import type { Frame } from './frame.ts';
import { inputDetails, outputDetails } from './history.ts';
import { exceedsDataLimit, type Json } from './json.ts';
import { endCall, failState, within } from './recovery.ts';
import { parseResource, type Resource } from './resources.ts';
import type { Run } from './run.ts';
import { evaluateField } from './template.ts';
import { wholeSeconds } from './waits.ts';

/** Task tokens are opaque; this is what ours look like. */
export const tokenPattern = /^[A-Za-z0-9+/]{128}$/;
const newToken = () => randomBytes(96).toString('base64');

export function resourceOf(state: TaskState): Resource {
  const resource = parseResource(state.Resource);
  if (resource === undefined) throw new Error(`${state.Resource} is no supported resource`);
  return resource;
}

export function beginTask(run: Run, frame: Frame, state: TaskState): void {
  const resource = resourceOf(state);
  const token = resource.pattern === 'waitForTaskToken' ? newToken() : null;
  const context = contextObject(run, frame, { token });
  const input = effectiveInput(state, frame.input, context);
  const timeout = seconds(state, 'TimeoutSeconds', frame.input, context);
  const heartbeat = seconds(state, 'HeartbeatSeconds', frame.input, context);
  noteScheduled(run, frame, resource, input, timeout, heartbeat);
  frame.attempt += 1;
  frame.phase = 'task';
  frame.call = {
    arguments: input,
    token,
    heartbeatSeconds: token === null ? null : heartbeat,
    submitted: false,
    nestedName: resource.integration === 'states:startExecution' ? randomUUID() : null,
    nestedArn: null,
  };
  if (token !== null) run.store.openToken(token, run.arn, frame.id, frame.attempt);
  if (timeout !== null) run.setTimer(frame, 'timeout', Date.now() + timeout * 1000);
  armHeartbeat(run, frame);
  run.effects.push({ kind: 'call', frame: frame.id, attempt: frame.attempt });
}

/** Starts the time between two heartbeats anew. */
export function armHeartbeat(run: Run, frame: Frame): void {
  const heartbeat = frame.call?.heartbeatSeconds ?? null;
  if (heartbeat !== null) run.setTimer(frame, 'heartbeat', Date.now() + heartbeat * 1000);
}

function seconds(
  state: TaskState,
  field: 'TimeoutSeconds' | 'HeartbeatSeconds',
  input: Json,
  context: Json,
): number | null {
  const path = state[`${field}Path`];
  if (path === undefined) return state[field] ?? null;
  return wholeSeconds(`${field}Path`, evaluateField(`${field}Path`, path, input, context), 1);
}

function noteScheduled(
  run: Run,
  frame: Frame,
  resource: Resource,
  input: Json,
  timeout: number | null,
  heartbeat: number | null,
): void {
  const timeoutDetails = timeout === null ? {} : { timeoutInSeconds: timeout };
  const text = JSON.stringify(input);
  if (exceedsDataLimit(text)) throw dataLimitError(frame.state);
  if (resource.integration === 'lambdaFunction') {
    const details = { resource: resource.resource, ...inputDetails(text), ...timeoutDetails };
    run.event(frame, 'LambdaFunctionScheduled', details);
    run.event(frame, 'LambdaFunctionStarted');
    return;
  }
  const { resourceType, resource: name } = resource;
  const region = run.execution.arn.split(':')[3] ?? '';
  const heartbeatDetails = heartbeat === null ? {} : { heartbeatInSeconds: heartbeat };
  const details = { resourceType, resource: name, region, parameters: text, ...timeoutDetails, ...heartbeatDetails };
  run.event(frame, 'TaskScheduled', details);
  run.event(frame, 'TaskStarted', { resourceType, resource: name });
}

/** The service has taken the request of a Task that goes on waiting. */
export function submitTask(run: Run, frame: Frame, output: Json): void {
  const state = run.stateOf(frame);
  if (state.Type !== 'Task' || frame.call === null) return;
  frame.call.submitted = true;
  const { resourceType, resource } = resourceOf(state);
  run.event(frame, 'TaskSubmitted', { resourceType, resource, ...outputDetails(JSON.stringify(output)) });
}

export function succeedTask(run: Run, frame: Frame, result: Json): void {
  const state = run.stateOf(frame);
  if (state.Type !== 'Task') return;
  const resource = resourceOf(state);
  const text = JSON.stringify(result);
  if (exceedsDataLimit(text)) {
    failTask(run, frame, dataLimitError(state.Resource));
    return;
  }
  const context = contextObject(run, frame, { token: frame.call?.token ?? null });
  finishCall(run, frame);
  within(run, frame, () => {
    if (resource.integration === 'lambdaFunction') run.event(frame, 'LambdaFunctionSucceeded', outputDetails(text));
    else {
      const { resourceType, resource: name } = resource;
      run.event(frame, 'TaskSucceeded', { resourceType, resource: name, ...outputDetails(text) });
    }
    exitState(run, frame, stateOutput(state, frame.input, result, context), nextOf(state));
  });
}

/** The Task has failed; `timedOut` says that it took too long, or that a heartbeat did. */
export function failTask(run: Run, frame: Frame, failure: StatesError, timedOut = false): void {
  const state = run.stateOf(frame);
  if (state.Type !== 'Task') return;
  const { integration, resourceType, resource } = resourceOf(state);
  const { error, cause } = failure;
  const details = { ...(error === '' ? {} : { error }), ...(cause === '' ? {} : { cause }) };
  if (timedOut) endCall(run, frame);
  else finishCall(run, frame);
  if (integration === 'lambdaFunction') {
    run.event(frame, timedOut ? 'LambdaFunctionTimedOut' : 'LambdaFunctionFailed', details);
  } else {
    run.event(frame, timedOut ? 'TaskTimedOut' : 'TaskFailed', { resourceType, resource, ...details });
  }
  failState(run, frame, failure);
}

/** Ends a call that has come back by itself: there is no nested execution to stop. */
function finishCall(run: Run, frame: Frame): void {
  if (frame.call !== null) frame.call.nestedArn = null;
  endCall(run, frame);
}

export const timeoutFailure = (kind: 'timeout' | 'heartbeat'): StatesError =>
  new StatesError('States.Timeout', '', kind === 'heartbeat' ? 'States.HeartbeatTimeout' : undefined);
