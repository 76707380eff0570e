/** When a state is tried again. Each policy says how long it waits in all. */
import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import type { FaultName } from '#etcd/faults.ts';

/**
 * Lambda itself failed, its process died in the middle, or AWS asked it to come back later: 1 + 2 + 4 + 8 + 10 = 25 s at most, then the operator is told.
 * Every task can be repeated, so one that died after its work was done does no harm.
 */
export const lambdaFailed: RetryProps = {
  errors: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
    'Lambda.Unknown',
    'Runtime.ExitError',
    'Sandbox.Timedout',
    'ProvisionedThroughputExceededException',
    'ThrottlingException',
    'Throttling',
    'RequestLimitExceeded',
  ],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxDelay: Duration.seconds(10),
  maxAttempts: 5,
  jitterStrategy: JitterType.FULL,
};

/** Seconds before the first retry, growth from one to the next, and the longest pause. */
const reachable = { intervalSeconds: 2, backoffRate: 1.5, maxDelaySeconds: 20 } as const;

/**
 * Systems Manager does not know an instance until its agent has registered, which takes up to two minutes after boot
 * (reports of 120 s and more exist): 2, 3, 4.5 ... 20 s, in all at least as long as a member may take to become healthy.
 * A retry is a transition that is paid for and three events of the history: 15 minutes are 48 of them.
 */
export function untilReachable(timeoutSeconds: number): RetryProps {
  const errors: FaultName[] = ['InstanceNotReachable'];
  return {
    errors,
    interval: Duration.seconds(reachable.intervalSeconds),
    backoffRate: reachable.backoffRate,
    maxDelay: Duration.seconds(reachable.maxDelaySeconds),
    maxAttempts: attemptsFor(timeoutSeconds),
  };
}

/** The longest that `untilReachable` goes on, with a task that takes its whole time at each attempt, in seconds. */
export function longestUntilReachable(timeoutSeconds: number, taskSeconds: number): number {
  const attempts = attemptsFor(timeoutSeconds);
  return timeoutSeconds + reachable.maxDelaySeconds + (attempts + 1) * taskSeconds;
}

function attemptsFor(timeoutSeconds: number): number {
  let attempts = 0;
  for (let waited = 0; waited < timeoutSeconds; attempts++)
    waited += Math.min(reachable.intervalSeconds * reachable.backoffRate ** attempts, reachable.maxDelaySeconds);
  return attempts;
}

/**
 * The task token was lost, or its heartbeats were. The same command is sent again under its own id: an agent that is still at
 * it takes the new token too, and one that has ended it answers from its ledger, so that nothing is done twice.
 */
export const lostCallback = {
  errors: ['States.HeartbeatTimeout', 'States.Timeout'],
  interval: Duration.seconds(1),
  backoffRate: 1,
  maxAttempts: 2,
} as const satisfies RetryProps;

const notReachable: FaultName[] = ['InstanceNotReachable'];

/** A member that answered a moment ago: its agent may just be being started again. 5 s. */
export const unreachableBriefly: RetryProps = {
  errors: notReachable,
  interval: Duration.seconds(5),
  backoffRate: 1,
  maxAttempts: 1,
};

/** A new member has booted and joined, but Systems Manager may not know it yet: 10 + 30 + 90 = 130 s. */
export const newcomerUnreachable: RetryProps = {
  errors: notReachable,
  interval: Duration.seconds(10),
  backoffRate: 3,
  maxAttempts: 3,
};

/** A nested execution that Step Functions did not start: 2 + 4 + 8 = 14 s. */
export const nestedNotStarted: RetryProps = {
  errors: ['StepFunctions.SdkClientException', 'StepFunctions.ExecutionLimitExceededException'],
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxAttempts: 3,
};

/** The longest that either of the two goes on, with a command task that takes its 60 s at each attempt, in seconds. */
export const longestBriefly = 130 + 4 * 60;

/** The longest pause that a request may ask for between two instances, in seconds. */
export const longestPauseSeconds = 86_400;
