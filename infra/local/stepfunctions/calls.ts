/** The calls that Tasks make, and what their answers mean: Lambda functions and nested executions. */
import { AwsError } from '../wire/service.ts';
import { machineAt, parseDefinition } from './definition.ts';
import type { Engine, Invocation } from './engine.ts';
import { StatesError } from './errors.ts';
import type { Frame } from './frame.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { startNested } from './nested.ts';
import { sessionOf } from './role.ts';
import type { Run } from './run.ts';
import { failTask, resourceOf, submitTask, succeedTask } from './tasks.ts';

/** Makes the call of a frame's Task and takes its answer, unless the Task has gone on by then. */
export async function runCall(engine: Engine, arn: string, id: number, attempt: number): Promise<void> {
  const frame = engine.store.frame(arn, id);
  const execution = engine.store.get(arn);
  if (frame?.attempt !== attempt || frame.call === null || execution === undefined) return;
  const { call } = frame;
  const state = machineAt(parseDefinition(execution.definition), frame.location).States[frame.state];
  if (state?.Type !== 'Task') return;
  const resource = resourceOf(state);
  if (resource.integration === 'states:startExecution') {
    engine.atFrame(arn, id, attempt, (run, frame) => startNested(engine, run, frame, resource.pattern));
    return;
  }
  const parameters = isObject(call.arguments) ? call.arguments : {};
  const plain = resource.integration === 'lambdaFunction';
  const target = plain ? state.Resource : String(parameters.FunctionName ?? '');
  const payload = plain ? call.arguments : payloadOf(parameters.Payload);
  const { signal } = engine;
  const answer = await invoke(engine, target, payload, sessionOf(execution));
  // Cut short by a stop: the next start calls again.
  if (signal.aborted) return;
  engine.atFrame(arn, id, attempt, (run, frame) => {
    if (frame.call !== null) takeAnswer(run, frame, answer, plain, resource.pattern === 'waitForTaskToken');
  });
}

/** A Payload that is left out is an empty object. */
const payloadOf = (payload: Json | undefined): Json => payload ?? {};

async function invoke(
  engine: Engine,
  target: string,
  payload: Json,
  as: { readonly arn: string },
): Promise<Invocation | StatesError> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(new Error('stopped'));
  engine.signal.addEventListener('abort', stop);
  try {
    return await Promise.race([engine.invokeLambda(target, payload, engine.signal, as), stopped]);
  } catch (error) {
    if (!(error instanceof AwsError)) {
      return new StatesError('Lambda.SdkClientException', error instanceof Error ? error.message : String(error));
    }
    const place = `Service: Lambda, Status Code: ${error.statusCode}`;
    // Step Functions' name for what the service does not declare among its own errors.
    const name = error.code === 'AccessDeniedException' ? 'AWSLambdaException' : error.code;
    return new StatesError(`Lambda.${name}`, `${error.message} (${place})`);
  } finally {
    engine.signal.removeEventListener('abort', stop);
  }
}

function takeAnswer(run: Run, frame: Frame, answer: Invocation | StatesError, plain: boolean, waits: boolean): void {
  if (answer instanceof StatesError) {
    failTask(run, frame, answer);
    return;
  }
  const payload = (answer.payload ?? null) as Json;
  if (answer.functionError !== undefined) {
    const error = isObject(payload) && typeof payload.errorType === 'string' ? payload.errorType : 'Exception';
    failTask(run, frame, new StatesError(error, JSON.stringify(payload)));
  } else if (waits) submitTask(run, frame, invocationResult(answer, payload));
  else succeedTask(run, frame, plain ? payload : invocationResult(answer, payload));
}

/** The part of Lambda's answer that lambda:invoke gives as its result. */
const invocationResult = ({ executedVersion, statusCode }: Invocation, payload: Json): JsonObject => ({
  ExecutedVersion: executedVersion ?? '$LATEST',
  Payload: payload,
  SdkHttpMetadata: { HttpStatusCode: statusCode },
  StatusCode: statusCode,
});
