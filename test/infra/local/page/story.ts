/** Writes histories in few words: `t.enter(...)`, each event following the one named. */
import type { HistoryEvent } from '@aws-sdk/client-sfn';

type Details = Partial<Omit<HistoryEvent, 'id' | 'type' | 'timestamp' | 'previousEventId'>>;

export class Story {
  readonly events: HistoryEvent[] = [];

  constructor() {
    this.add('ExecutionStarted', 0);
  }

  add(type: string, previousEventId: number, details: Details = {}): number {
    const id = this.events.length + 1;
    const timestamp = new Date(Date.UTC(2026, 0, 1) + id * 1000);
    this.events.push({ id, type: type as 'TaskScheduled', timestamp, previousEventId, ...details });
    return id;
  }

  enter(type: string, name: string, after = 0): number {
    return this.add(`${type}StateEntered`, after, { stateEnteredEventDetails: { name, input: `{"into":"${name}"}` } });
  }

  exit(type: string, name: string, after: number): number {
    return this.add(`${type}StateExited`, after, { stateExitedEventDetails: { name, output: `{"from":"${name}"}` } });
  }

  task(name: string, after = 0): number {
    const scheduled = this.add('TaskScheduled', this.enter('Task', name, after));
    return this.exit('Task', name, this.add('TaskSucceeded', scheduled));
  }

  fail(after: number, error = 'Boom'): number {
    return this.add('TaskFailed', after, {
      taskFailedEventDetails: { error, cause: 'why', resource: '', resourceType: '' },
    });
  }

  map(name: string, length: number, after = 0): number {
    return this.add('MapStateStarted', this.enter('Map', name, after), { mapStateStartedEventDetails: { length } });
  }

  iteration(what: 'Started' | 'Succeeded' | 'Failed' | 'Aborted', name: string, index: number, after: number): number {
    return this.add(`MapIteration${what}`, after, { [`mapIteration${what}EventDetails`]: { name, index } });
  }
}
