/** What the holder of a task token may say: SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat. */
import type { SendTaskFailureInput, SendTaskHeartbeatInput, SendTaskSuccessInput } from '@aws-sdk/client-sfn';
import { AwsError, type Operation } from '../wire/service.ts';
import type { Engine } from './engine.ts';
import { StatesError } from './errors.ts';
import type { TokenRow } from './executionStore.ts';
import { exceedsDataLimit, type Json } from './json.ts';
import { armHeartbeat, failTask, succeedTask, tokenPattern } from './tasks.ts';

export function tokenOperations(engine: Engine): Record<string, Operation> {
  /** Throws AwsError InvalidToken, TaskDoesNotExist, TaskTimedOut. */
  function taskOf(token: string | undefined): TokenRow {
    if (token === undefined || !tokenPattern.test(token)) {
      throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
    }
    const row = engine.store.token(token);
    if (row === undefined) throw new AwsError('TaskDoesNotExist', "Task Does Not Exist: 'No task has this token'");
    // AWS says the same of a task that timed out and of one that ended otherwise.
    if (!row.open) throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    return row;
  }

  function success({ taskToken, output }: SendTaskSuccessInput): object {
    const result = parseOutput(output ?? '');
    const { executionArn, frame: id, attempt } = taskOf(taskToken);
    engine.atFrame(executionArn, id, attempt, (run, frame) => succeedTask(run, frame, result));
    return {};
  }

  function failure({ taskToken, error = '', cause = '' }: SendTaskFailureInput): object {
    const { executionArn, frame: id, attempt } = taskOf(taskToken);
    engine.atFrame(executionArn, id, attempt, (run, frame) => failTask(run, frame, new StatesError(error, cause)));
    return {};
  }

  function heartbeat({ taskToken }: SendTaskHeartbeatInput): object {
    const { executionArn, frame: id, attempt } = taskOf(taskToken);
    engine.atFrame(executionArn, id, attempt, armHeartbeat);
    return {};
  }

  return { SendTaskSuccess: success, SendTaskFailure: failure, SendTaskHeartbeat: heartbeat };
}

function parseOutput(output: string): Json {
  if (exceedsDataLimit(output)) throw new AwsError('InvalidOutput', "Invalid Output: 'it is over 256 KiB'");
  try {
    return JSON.parse(output) as Json;
  } catch (error) {
    throw new AwsError('InvalidOutput', `Invalid Output: '${error instanceof Error ? error.message : String(error)}'`);
  }
}
