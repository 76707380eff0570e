/** When a state is tried again. Each policy says how long it waits in all. */
import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps } from 'aws-cdk-lib/aws-stepfunctions';
import type { FaultName } from '#etcd/faults.ts';

/**
 * Lambda itself failed, or its process died in the middle: 1 + 2 + 4 + 8 + 10 = 25 s at most, then the operator is told.
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
  ],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxDelay: Duration.seconds(10),
  maxAttempts: 5,
  jitterStrategy: JitterType.FULL,
};

const reachableIntervalSeconds = 2;

/**
 * Systems Manager does not know an instance until its agent has registered, which takes up to two minutes after boot
 * (reports of 120 s and more exist): every 2 s, as long as a member may take to become healthy.
 */
export function untilReachable(timeoutSeconds: number): RetryProps {
  const errors: FaultName[] = ['InstanceNotReachable'];
  return {
    errors,
    interval: Duration.seconds(reachableIntervalSeconds),
    backoffRate: 1,
    maxAttempts: Math.ceil(timeoutSeconds / reachableIntervalSeconds),
  };
}
