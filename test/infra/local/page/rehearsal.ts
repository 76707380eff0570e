/**
 * A page source without a home: one state machine in memory, whose executions a test advances state by state. It keeps
 * AWS's event types and answers as the Step Functions API does, so the page cannot tell.
 */
import { EventEmitter } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { createLinks } from '../../../../infra/local/links/index.ts';
import type { Change, PageSource, StatesCalls } from '../../../../infra/local/page/source.ts';
import type { MemberView, UpkeepView } from '../../../../infra/local/page/views.ts';

export const machineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:etcd-ClusterBootstrap';
/** One of the cluster's other machines. */
export const machineCalled = (name: string) => machineArn.replace('ClusterBootstrap', name);
const machines = ['ClusterBootstrap', 'RotateInstances', 'RollingUpgrade', 'UpgradeHop'] as const;

/** ClusterBootstrap in small: every kind of state that the page draws. */
export const definition = {
  StartAt: 'Read the cluster record',
  States: {
    'Read the cluster record': {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Next: 'Already created?',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Bootstrap failed' }],
    },
    'Already created?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.record.created', BooleanEquals: true, Next: 'Cluster created' }],
      Default: 'Wait until the instances are in service',
    },
    'Wait until the instances are in service': {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Next: 'Each member',
      Catch: [{ ErrorEquals: ['InstancesNotInService'], Next: 'Bootstrap failed' }],
    },
    'Each member': {
      Type: 'Map',
      ItemProcessor: {
        StartAt: 'Wait until the member is healthy',
        States: {
          'Wait until the member is healthy': {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
            End: true,
          },
        },
      },
      Next: 'Mark the cluster created',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Bootstrap failed' }],
    },
    'Mark the cluster created': { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Next: 'Cluster created' },
    'Cluster created': { Type: 'Succeed' },
    'Bootstrap failed': { Type: 'Fail', Error: 'MemberNotHealthy', Cause: 'see docs/runbook.md#member-not-healthy' },
  },
} as const;

export interface Rehearsal {
  readonly source: PageSource;
  /** Each call made of the Step Functions API. */
  readonly calls: { readonly operation: string; readonly input: unknown }[];
  /** Adds an event to an execution's history and tells the page. @returns its id */
  event(arn: string, event: Omit<HistoryEvent, 'id' | 'timestamp'>): number;
  /** A Task from entered to exited; a test may do something while it runs. @returns the id of the last event */
  task(arn: string, name: string, after: number, input: unknown, output: unknown): number;
  end(arn: string, status: 'SUCCEEDED' | 'FAILED', ending: { output?: string; error?: string; cause?: string }): void;
  setMembers(members: readonly MemberView[]): void;
  setUpkeep(upkeep: UpkeepView): void;
  /** Starts one without the page. @param machine its ARN; ClusterBootstrap's without one */
  start(name: string, input?: string, machine?: string): string;
}

interface Kept {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly input: string;
  readonly startDate: Date;
  stopDate?: Date;
  status: string;
  output?: string;
  error?: string;
  cause?: string;
  readonly events: HistoryEvent[];
}

/**
 * @param machine its definition, of which all executions are
 * @param regions of the home
 */
export function rehearse(machine: object = definition, regions: readonly string[] = ['us-east-1']): Rehearsal {
  const executions = new Map<string, Kept>();
  const listeners = new Set<(change: Change) => void>();
  const calls: { operation: string; input: unknown }[] = [];
  let members: readonly MemberView[] = [];
  let upkeep: UpkeepView = inOrder;
  let clock = Date.now() - 60_000;
  const now = (): Date => {
    clock += 250;
    return new Date(clock);
  };

  const tell = (change: Change): void => {
    for (const listener of listeners) listener(change);
  };
  const changes = new EventEmitter().on('change', tell);
  const links = createLinks({ database: new DatabaseSync(':memory:'), events: changes, log: () => {} });
  for (const [i, region] of regions.entries()) links.addRegion(region, `127.20.${i}`);
  const kept = (arn: string): Kept => {
    const execution = executions.get(arn);
    if (!execution) throw exception('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  };
  const event: Rehearsal['event'] = (arn, added) => {
    const { events } = kept(arn);
    const id = events.length + 1;
    events.push({ id, timestamp: now(), ...added } as HistoryEvent);
    tell({ topic: 'executions', id: arn });
    return id;
  };
  const start = (name: string, input = '{"cluster":"etcd"}', stateMachineArn = machineArn): string => {
    const arn = `${stateMachineArn.replace('stateMachine', 'execution')}:${name}`;
    if (executions.has(arn)) throw exception('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    executions.set(arn, { stateMachineArn, name, input, startDate: now(), status: 'RUNNING', events: [] });
    event(arn, { type: 'ExecutionStarted', previousEventId: 0, executionStartedEventDetails: { input } });
    return arn;
  };
  const described = (arn: string, { events: _, ...execution }: Kept) => ({
    executionArn: arn,
    ...execution,
    status: execution.status as 'RUNNING',
  });

  const answers: { [Name in keyof StatesCalls]: (input: StatesCalls[Name]['input']) => StatesCalls[Name]['output'] } = {
    ListStateMachines: () => ({
      stateMachines: machines.map((name) => {
        return { stateMachineArn: machineCalled(name), name: `etcd-${name}`, type: 'STANDARD', creationDate: now() };
      }),
    }),
    ListExecutions: ({ stateMachineArn }) => ({
      executions: [...executions]
        .filter(([, one]) => one.stateMachineArn === stateMachineArn)
        .map(([arn, one]) => described(arn, one)),
    }),
    DescribeExecution: ({ executionArn = '' }) => described(executionArn, kept(executionArn)),
    DescribeStateMachineForExecution: () => ({
      stateMachineArn: machineArn,
      name: 'etcd-ClusterBootstrap',
      definition: JSON.stringify(machine),
      roleArn: 'arn:aws:iam::000000000000:role/machine',
      updateDate: now(),
    }),
    GetExecutionHistory: ({ executionArn = '', nextToken, maxResults = 1000 }) => {
      const { events } = kept(executionArn);
      const from = Number(nextToken ?? 0);
      const page = events.slice(from, from + maxResults);
      return { events: page, ...(from + page.length < events.length && { nextToken: String(from + page.length) }) };
    },
    StartExecution: ({ stateMachineArn, name = `run-${executions.size + 1}`, input = '{}' }) => ({
      executionArn: start(name, input, stateMachineArn),
      startDate: now(),
    }),
    StopExecution: ({ executionArn = '', error, cause }) => {
      const execution = kept(executionArn);
      Object.assign(execution, { status: 'ABORTED', error, cause, stopDate: now() });
      event(executionArn, {
        type: 'ExecutionAborted',
        previousEventId: 0,
        executionAbortedEventDetails: { error, cause },
      });
      return { stopDate: now() };
    },
  };

  return {
    calls,
    event,
    start,
    task(arn, name, after, input, output) {
      const entered = event(arn, {
        type: 'TaskStateEntered',
        previousEventId: after,
        stateEnteredEventDetails: { name, input: JSON.stringify(input) },
      });
      const scheduled = event(arn, { type: 'TaskScheduled', previousEventId: entered });
      const succeeded = event(arn, { type: 'TaskSucceeded', previousEventId: scheduled });
      return event(arn, {
        type: 'TaskStateExited',
        previousEventId: succeeded,
        stateExitedEventDetails: { name, output: JSON.stringify(output) },
      });
    },
    end(arn, status, ending) {
      const execution = kept(arn);
      Object.assign(execution, { status, stopDate: now(), ...ending });
      const details =
        status === 'SUCCEEDED' ? { executionSucceededEventDetails: ending } : { executionFailedEventDetails: ending };
      event(arn, {
        type: status === 'SUCCEEDED' ? 'ExecutionSucceeded' : 'ExecutionFailed',
        previousEventId: execution.events.length,
        ...details,
      });
    },
    setMembers(next) {
      members = next;
      tell({ topic: 'instances', id: 'i-0' });
    },
    setUpkeep(next) {
      upkeep = next;
      tell({ topic: 'instances', id: 'i-0' });
    },
    source: {
      cluster: 'etcd',
      links,
      call: async (operation, input) => {
        calls.push({ operation, input });
        return answers[operation](input);
      },
      members: async () => members,
      upkeep: async () => upkeep,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}

export const inOrder: UpkeepView = {
  lock: { held: null },
  dns: { verdict: 'inSync', reason: '' },
  housekeeping: { paused: null, findings: [] },
};

export function member(number: number, changes: Partial<MemberView> = {}): MemberView {
  return {
    name: `etcd-${number}`,
    instanceId: `i-0000000000000000${number}`,
    zone: `us-east-1${'abc'[number - 1]}`,
    address: `127.20.1.1${number}`,
    instanceState: 'running',
    version: '3.5.35',
    role: number === 1 ? 'leader' : 'follower',
    health: 'healthy',
    reasons: [],
    serves: { transport: 'plain', certificateEndsAt: null },
    database: { bytes: 20_480, quotaBytes: 2 * 1024 ** 3 },
    ...changes,
  };
}

function exception(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
