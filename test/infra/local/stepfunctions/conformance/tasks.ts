/** Lambda tasks, their errors, Retry and Catch, time-outs, task tokens and heartbeats. */
import { functionArn, only, task, withToken } from '../fixture.ts';
import { type Case, caught } from './case.ts';

const retried = (...retriers: object[]) => only(task('flaky', { Retry: retriers, End: true }));
const flaky = { ErrorEquals: ['Flaky'], IntervalSeconds: 1, BackoffRate: 1 };

export const tasks: readonly Case[] = [
  { name: 'lambda:invoke', definition: only(task('echo')), input: { a: 1 } },
  {
    name: 'a Lambda ARN',
    definition: only({ Type: 'Task', Resource: functionArn('echo'), End: true }),
    input: { a: 1 },
  },
  { name: 'a function that throws', definition: only(task('fail')), input: { name: 'Unsafe' } },
  {
    name: 'a Lambda ARN that throws',
    definition: only({ Type: 'Task', Resource: functionArn('fail'), End: true }),
    input: { name: 'Unsafe' },
  },
  { name: 'no such function', definition: only(task('missing')) },
  { name: 'Catch', definition: caught(task('fail')), input: { name: 'Unsafe' } },
  {
    name: 'Catch with ResultPath',
    definition: caught(task('fail'), { ResultPath: '$.failure' }),
    input: { name: 'Unsafe' },
  },
  {
    name: 'Catch by name',
    definition: caught(task('fail'), { ErrorEquals: ['Unsafe', 'Other'] }),
    input: { name: 'Unsafe' },
  },
  {
    name: 'Catch by another name',
    definition: caught(task('fail'), { ErrorEquals: ['Other'] }),
    input: { name: 'Unsafe' },
  },
  {
    name: 'Catch States.TaskFailed',
    definition: caught(task('fail'), { ErrorEquals: ['States.TaskFailed'] }),
    input: { name: 'Unsafe' },
  },
  {
    name: 'Catch does not catch States.Runtime',
    definition: caught(task('echo', { Parameters: { 'FunctionName.$': '$.no' } })),
  },
  { name: 'Retry until it works', definition: retried(flaky), input: { failures: 2, id: 'until' } },
  {
    name: 'Retry until MaxAttempts',
    definition: retried({ ...flaky, MaxAttempts: 1 }),
    input: { failures: 2, id: 'most' },
  },
  {
    name: 'Retry of the right one',
    definition: retried({ ErrorEquals: ['Other'] }, flaky),
    input: { failures: 1, id: 'right' },
  },
  { name: 'Retry never', definition: retried({ ...flaky, MaxAttempts: 0 }), input: { failures: 1, id: 'never' } },
  {
    name: 'Retry with MaxDelaySeconds and jitter',
    definition: retried({
      ErrorEquals: ['States.ALL'],
      IntervalSeconds: 1,
      MaxDelaySeconds: 2,
      JitterStrategy: 'FULL',
    }),
    input: { failures: 1, id: 'jitter' },
  },
  { name: 'TimeoutSeconds', definition: only(task('slow', { TimeoutSeconds: 1, End: true })) },
  {
    name: 'TimeoutSeconds, caught',
    definition: caught(task('slow', { TimeoutSeconds: 1 }), { ErrorEquals: ['States.Timeout'], ResultPath: null }),
    input: {},
  },
  { name: 'a task token that succeeds', definition: only(withToken('answer')), input: { x: [1] } },
  { name: 'a task token that fails', definition: only(withToken('refuse')) },
  { name: 'a task token that nobody returns', definition: only(withToken('echo', { TimeoutSeconds: 1 })) },
  { name: 'a heartbeat that is missed', definition: only(withToken('echo', { HeartbeatSeconds: 1 })) },
  {
    name: 'a missed heartbeat, caught as States.Timeout',
    definition: caught(withToken('echo', { HeartbeatSeconds: 1 }), {
      ErrorEquals: ['States.Timeout'],
      ResultPath: null,
    }),
    input: {},
  },
  { name: 'a result over 256 KiB', definition: caught(task('large')) },
];
