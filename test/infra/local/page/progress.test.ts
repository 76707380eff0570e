import { describe, expect, test } from '@jest/globals';
import type { Definition } from '../../../../infra/local/page/definition.ts';
import { progressOf, visitViews } from '../../../../infra/local/page/progress.ts';
import type { StateProgress } from '../../../../infra/local/page/views.ts';
import { Story } from './story.ts';

const task = { Type: 'Task' } as const;
const flat: Definition = {
  StartAt: 'A',
  States: { A: { ...task, Next: 'B' }, B: { ...task, Next: 'Failed' }, Failed: { Type: 'Fail' } },
};
const mapped: Definition = {
  StartAt: 'Each',
  States: {
    Each: {
      Type: 'Map',
      Next: 'B',
      ItemProcessor: { StartAt: 'In', States: { In: { ...task, Next: 'Out' }, Out: task } },
    },
    B: task,
  },
};

const statuses = (definition: Definition, { events }: Story): Record<string, string> =>
  Object.fromEntries(progressOf(definition, events).map(({ name, status }) => [name, status]));

const progress = (definition: Definition, { events }: Story, name: string): StateProgress | undefined =>
  progressOf(definition, events).find((state) => state.name === name);

describe('states in a row', () => {
  test('wait before they are entered', () => {
    expect(statuses(flat, new Story())).toEqual({ A: 'waiting', B: 'waiting', Failed: 'waiting' });
  });

  test('run from entered to exited', () => {
    const story = new Story();
    story.enter('Task', 'B', story.task('A'));
    expect(statuses(flat, story)).toEqual({ A: 'succeeded', B: 'running', Failed: 'waiting' });
  });

  test('run on while an attempt has failed and a retry may follow', () => {
    const story = new Story();
    const failed = story.fail(story.add('TaskScheduled', story.enter('Task', 'A')));
    expect(statuses(flat, story).A).toBe('running');
    story.add('TaskScheduled', failed);
    expect(progress(flat, story, 'A')).toMatchObject({ status: 'running', retries: 1 });
  });

  test('are caught where they leave after a failure', () => {
    const story = new Story();
    const failed = story.fail(story.add('TaskScheduled', story.enter('Task', 'A')));
    const left = story.exit('Task', 'A', failed);
    story.add('ExecutionFailed', story.enter('Fail', 'Failed', left), {
      executionFailedEventDetails: { error: 'E', cause: 'C' },
    });
    expect(statuses(flat, story)).toEqual({ A: 'caught', B: 'waiting', Failed: 'failed' });
    expect(visitViews(story.events, 'A')[0]).toMatchObject({ error: 'Boom', cause: 'why' });
    expect(visitViews(story.events, 'Failed')[0]).toMatchObject({ error: 'E', cause: 'C', status: 'failed' });
  });

  test('are succeeded where a retry helped', () => {
    const story = new Story();
    const again = story.add('TaskScheduled', story.fail(story.add('TaskScheduled', story.enter('Task', 'A'))));
    story.exit('Task', 'A', story.add('TaskSucceeded', again));
    expect(progress(flat, story, 'A')).toMatchObject({ status: 'succeeded', retries: 1 });
  });

  test.each([
    ['TaskFailed', 'ExecutionFailed', 'failed'],
    ['TaskTimedOut', 'ExecutionFailed', 'failed'],
    ['LambdaFunctionFailed', 'ExecutionFailed', 'failed'],
    ['TaskScheduled', 'ExecutionAborted', 'aborted'],
    ['TaskScheduled', 'ExecutionTimedOut', 'aborted'],
    ['TaskSucceeded', 'ExecutionFailed', 'failed'],
  ])('%s and then %s: %s', (last, end, status) => {
    const story = new Story();
    const entered = story.enter('Task', 'B', story.task('A'));
    story.add(end, story.add(last, story.add('TaskScheduled', entered)));
    expect(statuses(flat, story)).toEqual({ A: 'succeeded', B: status, Failed: 'waiting' });
  });

  test('count the last visit in a loop', () => {
    const story = new Story();
    const first = story.exit('Task', 'A', story.fail(story.enter('Task', 'A')));
    story.enter('Task', 'A', story.task('B', first));
    expect(progress(flat, story, 'A')).toMatchObject({ status: 'running', entered: 2 });
    expect(visitViews(story.events, 'A').map(({ status }) => status)).toEqual(['caught', 'running']);
  });
});

describe('a Map', () => {
  test('counts its iterations, and the states inside theirs', () => {
    const story = new Story();
    const map = story.map('Each', 3);
    const starts = [0, 1, 2].map((index) => story.iteration('Started', 'Each', index, map));
    const [first = 0, second = 0] = starts;
    story.iteration('Succeeded', 'Each', 0, story.task('Out', story.task('In', first)));
    story.enter('Task', 'In', second);
    expect(progress(mapped, story, 'Each')).toMatchObject({
      status: 'running',
      outOf: null,
      iterations: { total: 3, running: 2, succeeded: 1, failed: 0, aborted: 0 },
    });
    expect(progress(mapped, story, 'In')).toMatchObject({
      status: 'running',
      outOf: 3,
      visits: { running: 1, succeeded: 1 },
    });
    expect(progress(mapped, story, 'Out')).toMatchObject({ status: 'succeeded', outOf: 3, visits: { succeeded: 1 } });
    expect(visitViews(story.events, 'In').map(({ iteration }) => iteration)).toEqual([0, 1]);
  });

  test('of nothing succeeds', () => {
    const story = new Story();
    story.exit('Map', 'Each', story.add('MapStateSucceeded', story.map('Each', 0)));
    expect(progress(mapped, story, 'Each')).toMatchObject({
      status: 'succeeded',
      iterations: { total: 0, running: 0 },
    });
    expect(progress(mapped, story, 'In')).toMatchObject({ status: 'waiting', outOf: null });
  });

  test('that fails stops its other iterations', () => {
    const story = new Story();
    const map = story.map('Each', 2);
    const [first, second] = [story.iteration('Started', 'Each', 0, map), story.iteration('Started', 'Each', 1, map)];
    story.enter('Task', 'In', second);
    const failed = story.fail(story.enter('Task', 'Out', story.task('In', first)));
    const over = story.add('MapStateFailed', story.iteration('Failed', 'Each', 0, failed));
    expect(statuses(mapped, story)).toEqual({ Each: 'running', In: 'aborted', Out: 'failed', B: 'waiting' });
    story.exit('Map', 'Each', over);
    expect(progress(mapped, story, 'Each')).toMatchObject({
      status: 'caught',
      iterations: { total: 2, running: 0, succeeded: 0, failed: 1, aborted: 1 },
    });
  });

  test('that fails without a Catch fails the execution', () => {
    const story = new Story();
    const failed = story.fail(story.enter('Task', 'In', story.iteration('Started', 'Each', 0, story.map('Each', 1))));
    story.add('ExecutionFailed', story.add('MapStateFailed', story.iteration('Failed', 'Each', 0, failed)));
    expect(statuses(mapped, story)).toEqual({ Each: 'failed', In: 'failed', Out: 'waiting', B: 'waiting' });
  });

  test('that is entered again forgets what it ran before', () => {
    const story = new Story();
    const failed = story.fail(story.enter('Task', 'In', story.iteration('Started', 'Each', 0, story.map('Each', 1))));
    const left = story.exit('Map', 'Each', story.add('MapStateFailed', story.iteration('Failed', 'Each', 0, failed)));
    story.map('Each', 1, story.task('B', left));
    expect(statuses(mapped, story)).toEqual({ Each: 'running', In: 'waiting', Out: 'waiting', B: 'succeeded' });
  });

  test('that is retried counts from the start', () => {
    const story = new Story();
    const map = story.map('Each', 2);
    const failed = story.fail(story.enter('Task', 'In', story.iteration('Started', 'Each', 0, map)));
    const over = story.add('MapStateFailed', story.iteration('Failed', 'Each', 0, failed));
    story.add('MapStateStarted', over, { mapStateStartedEventDetails: { length: 2 } });
    expect(progress(mapped, story, 'Each')).toMatchObject({
      status: 'running',
      retries: 1,
      iterations: { total: 2, failed: 0 },
    });
  });
});

describe('a Map in a Map', () => {
  const nested: Definition = {
    StartAt: 'Outer',
    States: {
      Outer: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'Inner',
          States: { Inner: { Type: 'Map', ItemProcessor: { StartAt: 'In', States: { In: task } } } },
        },
      },
    },
  };

  test('counts all iterations together', () => {
    const story = new Story();
    const outer = story.map('Outer', 2);
    for (const index of [0, 1]) {
      const inner = story.map('Inner', 3, story.iteration('Started', 'Outer', index, outer));
      story.iteration('Succeeded', 'Inner', 0, story.task('In', story.iteration('Started', 'Inner', 0, inner)));
    }
    expect(progress(nested, story, 'In')).toMatchObject({ outOf: 6, visits: { succeeded: 2 } });
    expect(progress(nested, story, 'Inner')).toMatchObject({ outOf: 2, iterations: { total: 6, succeeded: 2 } });
  });

  test('fails outwards', () => {
    const story = new Story();
    const inner = story.map('Inner', 1, story.iteration('Started', 'Outer', 0, story.map('Outer', 1)));
    const failed = story.fail(story.enter('Task', 'In', story.iteration('Started', 'Inner', 0, inner)));
    const innerFailed = story.add('MapStateFailed', story.iteration('Failed', 'Inner', 0, failed));
    story.iteration('Failed', 'Outer', 0, innerFailed);
    expect(statuses(nested, story)).toEqual({ Outer: 'running', Inner: 'failed', In: 'failed' });
  });
});

describe('a Parallel', () => {
  const parallel: Definition = {
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Left', States: { Left: task } },
          { StartAt: 'Right', States: { Right: task } },
        ],
      },
    },
  };

  test('runs its branches side by side', () => {
    const story = new Story();
    const started = story.add('ParallelStateStarted', story.enter('Parallel', 'Both'));
    const left = story.enter('Task', 'Left', started);
    story.enter('Task', 'Right', started);
    expect(statuses(parallel, story)).toEqual({ Both: 'running', Left: 'running', Right: 'running' });
    story.exit('Task', 'Left', left);
    expect(statuses(parallel, story)).toEqual({ Both: 'running', Left: 'succeeded', Right: 'running' });
  });

  test('that fails stops the other branch', () => {
    const story = new Story();
    const started = story.add('ParallelStateStarted', story.enter('Parallel', 'Both'));
    story.enter('Task', 'Right', started);
    const failed = story.fail(story.enter('Task', 'Left', started));
    story.exit('Parallel', 'Both', story.add('ParallelStateFailed', failed));
    expect(statuses(parallel, story)).toEqual({ Both: 'caught', Left: 'failed', Right: 'aborted' });
  });

  test('fails with a Fail state in a branch', () => {
    const failing: Definition = {
      StartAt: 'Both',
      States: { Both: { Type: 'Parallel', Branches: [{ StartAt: 'No', States: { No: { Type: 'Fail' } } }] } },
    };
    const story = new Story();
    const started = story.add('ParallelStateStarted', story.enter('Parallel', 'Both'));
    story.add('ExecutionFailed', story.add('ParallelStateFailed', story.enter('Fail', 'No', started)));
    expect(statuses(failing, story)).toEqual({ Both: 'failed', No: 'failed' });
  });

  test('in a Parallel fails outwards', () => {
    const inner: Definition = {
      StartAt: 'In',
      States: { In: { Type: 'Parallel', Branches: [{ StartAt: 'T', States: { T: task } }] } },
    };
    const nested: Definition = { StartAt: 'Out', States: { Out: { Type: 'Parallel', Branches: [inner] } } };
    const story = new Story();
    const out = story.add('ParallelStateStarted', story.enter('Parallel', 'Out'));
    const started = story.add('ParallelStateStarted', story.enter('Parallel', 'In', out));
    const failed = story.add('ParallelStateFailed', story.fail(story.enter('Task', 'T', started)));
    story.exit('Parallel', 'Out', story.add('ParallelStateFailed', failed));
    expect(statuses(nested, story)).toEqual({ Out: 'caught', In: 'failed', T: 'failed' });
  });
});

describe('histories with loose ends', () => {
  test('are followed by name where events are not tied to the state they leave', () => {
    const story = new Story();
    story.enter('Task', 'A');
    story.exit('Task', 'A', 0);
    expect(statuses(flat, story).A).toBe('succeeded');
  });

  test('end with the execution', () => {
    const story = new Story();
    story.enter('Task', 'A');
    story.add('ExecutionSucceeded', 2);
    expect(statuses(flat, story).A).toBe('succeeded');
  });
});

test('a visit carries input, output, times and its own events', () => {
  const story = new Story();
  story.task('B', story.task('A'));
  const [visit] = visitViews(story.events, 'B');
  expect(visit).toMatchObject({ input: '{"into":"B"}', output: '{"from":"B"}', error: null, iteration: null });
  expect(visit?.events.map(({ id, type }) => `${id} ${type}`)).toEqual([
    '6 TaskStateEntered',
    '7 TaskScheduled',
    '8 TaskSucceeded',
    '9 TaskStateExited',
  ]);
  expect(visit?.enteredAt).toBe('2026-01-01T00:00:06.000Z');
  expect(visit?.exitedAt).toBe('2026-01-01T00:00:09.000Z');
  expect(visit?.events[3]?.details).toEqual({ name: 'B', output: '{"from":"B"}' });
});

test('a visit names the execution that it started, after a retry the last one', () => {
  const story = new Story();
  const submitted = (after: number, name: string) =>
    story.add('TaskSubmitted', after, {
      taskSubmittedEventDetails: {
        resourceType: 'states',
        resource: 'startExecution.sync:2',
        output: JSON.stringify({ ExecutionArn: name }),
      },
    });
  const first = submitted(story.enter('Task', 'A'), 'arn:first');
  expect(visitViews(story.events, 'A')[0]?.nested).toBe('arn:first');
  submitted(story.add('TaskScheduled', story.fail(first)), 'arn:second');
  expect(visitViews(story.events, 'A')[0]?.nested).toBe('arn:second');
  story.task('B');
  expect(visitViews(story.events, 'B')[0]?.nested).toBeNull();
});
