/** ClusterBootstrap as the rehearsal tells it: up to two healthy members of three, then to either end. */
import type { Rehearsal } from './rehearsal.ts';

type Event = Parameters<Rehearsal['event']>[1];

/**
 * The first half of a bootstrap: two members of three are healthy.
 * @returns the id of the event with which the third one's wait was entered
 */
export function half({ event, task }: Rehearsal, arn: string): number {
  const read = task(arn, 'Read the cluster record', 0, { cluster: 'etcd' }, { record: { created: false } });
  const asked = event(arn, entered('Choice', 'Already created?', read));
  const answered = event(arn, exited('Choice', 'Already created?', asked));
  const inService = task(arn, 'Wait until the instances are in service', answered, {}, { instances: 3 });
  const map = event(arn, entered('Map', 'Each member', inService));
  const mapStarted = event(arn, {
    type: 'MapStateStarted',
    previousEventId: map,
    mapStateStartedEventDetails: { length: 3 },
  });
  let waiting = 0;
  for (const index of [0, 1, 2]) {
    const iteration = { name: 'Each member', index };
    const started = event(arn, {
      type: 'MapIterationStarted',
      previousEventId: mapStarted,
      mapIterationStartedEventDetails: iteration,
    });
    const name = 'Wait until the member is healthy';
    if (index === 2) {
      waiting = event(arn, entered('Task', name, started, { member: 'etcd-3' }));
      continue;
    }
    const done = task(arn, name, started, { member: `etcd-${index + 1}` }, { healthy: true });
    event(arn, {
      type: 'MapIterationSucceeded',
      previousEventId: done,
      mapIterationSucceededEventDetails: iteration,
    });
  }
  return waiting;
}

/**
 * The third member becomes healthy, and the cluster is about to be marked created.
 * @param waiting from `half`
 * @returns the id of the event with which the last task was entered
 */
export function marking({ event }: Rehearsal, arn: string, waiting: number): number {
  const done = event(arn, exited('Task', 'Wait until the member is healthy', waiting, { healthy: true }));
  const last = event(arn, {
    type: 'MapIterationSucceeded',
    previousEventId: done,
    mapIterationSucceededEventDetails: { name: 'Each member', index: 2 },
  });
  const succeeded = event(arn, { type: 'MapStateSucceeded', previousEventId: last });
  const left = event(arn, exited('Map', 'Each member', succeeded));
  return event(arn, entered('Task', 'Mark the cluster created', left));
}

/** The second half: everything succeeds. @param waiting from `half` */
export function rest(rehearsal: Rehearsal, arn: string, waiting: number): void {
  const { event, end } = rehearsal;
  const marked = event(arn, exited('Task', 'Mark the cluster created', marking(rehearsal, arn, waiting)));
  const created = event(arn, entered('Succeed', 'Cluster created', marked));
  event(arn, exited('Succeed', 'Cluster created', created));
  end(arn, 'SUCCEEDED', { output: '{"created":true}' });
}

/** The second half, when the third member never becomes healthy. @param waiting from `half` */
export function failed({ event, end }: Rehearsal, arn: string, waiting: number): void {
  const thrown = event(arn, {
    type: 'TaskFailed',
    previousEventId: waiting,
    taskFailedEventDetails: {
      error: 'MemberNotHealthy',
      cause: 'etcd-3 lists 2 members',
      resource: '',
      resourceType: '',
    },
  });
  const iteration = event(arn, {
    type: 'MapIterationFailed',
    previousEventId: thrown,
    mapIterationFailedEventDetails: { name: 'Each member', index: 2 },
  });
  const map = event(arn, {
    type: 'MapStateFailed',
    previousEventId: iteration,
    mapStateFailedEventDetails: { error: 'MemberNotHealthy' },
  } as Event);
  const left = event(arn, exited('Map', 'Each member', map));
  event(arn, entered('Fail', 'Bootstrap failed', left));
  end(arn, 'FAILED', {
    error: 'MemberNotHealthy',
    cause: 'etcd-3: see docs/runbook.md#member-not-healthy',
  });
}

function entered(type: string, name: string, previousEventId: number, input: unknown = {}): Event {
  return {
    type: `${type}StateEntered` as 'TaskStateEntered',
    previousEventId,
    stateEnteredEventDetails: { name, input: JSON.stringify(input) },
  };
}

function exited(type: string, name: string, previousEventId: number, output: unknown = {}): Event {
  return {
    type: `${type}StateExited` as 'TaskStateExited',
    previousEventId,
    stateExitedEventDetails: { name, output: JSON.stringify(output) },
  };
}
