/** Step Functions' task tokens: heartbeats and outcomes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { maxCauseLength } from '#etcd/faults.ts';
import type { Outcome } from '../protocol.ts';
import { type Aws, AwsCallError } from './aws.ts';
import type { Log } from './log.ts';

export interface TaskTokens {
  /** Says whether anybody still waits. */
  heartbeat(token: string): Promise<boolean>;
  /** Delivers the outcome, trying again until it is taken or nobody waits for it any more. */
  finish(token: string, outcome: Outcome): Promise<void>;
}

/** Answers that say nobody waits: the state timed out, the execution ended, or the outcome was delivered before. */
const over = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);
const longestPauseMs = 30_000;
/** A task cannot run longer than its execution, which is a year at most; a day is longer than any of ours. */
const givingUpMs = 24 * 3_600_000;

export function createTaskTokens(aws: Aws, log: Log): TaskTokens {
  const call = (operation: string, input: object) => aws.call('states', `AWSStepFunctions.${operation}`, input);
  return {
    async heartbeat(taskToken) {
      try {
        await call('SendTaskHeartbeat', { taskToken });
      } catch (error) {
        if (error instanceof AwsCallError && over.has(error.code)) return false;
        // Not delivered this time; the next one may be.
        log('heartbeat failed', { error: (error as Error).message }, 'warn');
      }
      return true;
    },
    async finish(taskToken, outcome) {
      const deadline = performance.now() + givingUpMs;
      for (let pauseMs = 250; performance.now() < deadline; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
        try {
          if (outcome.status === 'succeeded')
            await call('SendTaskSuccess', { taskToken, output: JSON.stringify(outcome.result) });
          else
            await call('SendTaskFailure', {
              taskToken,
              error: outcome.fault,
              cause: outcome.cause.slice(0, maxCauseLength),
            });
          return;
        } catch (error) {
          if (error instanceof AwsCallError && over.has(error.code)) {
            log('nobody waits for this outcome', { outcome: outcome.status, error: error.message }, 'warn');
            return;
          }
          log('outcome not delivered yet', { error: (error as Error).message }, 'warn');
          await sleep(pauseMs);
        }
      }
    },
  };
}
