/** The context object, which paths reach as `$$`. */
import type { Frame } from './frame.ts';
import type { Json, JsonObject } from './json.ts';
import type { Run } from './run.ts';

export interface ContextExtras {
  /** For the ItemSelector of a Map, which looks at each item from outside its iteration. */
  readonly item?: { readonly index: number; readonly value: Json };
  readonly token?: string | null;
}

export function contextObject(run: Run, frame: Frame, extras: ContextExtras = {}): JsonObject {
  const { execution } = run;
  const item = extras.item ?? frame.item;
  return {
    Execution: {
      Id: execution.arn,
      Input: JSON.parse(execution.input) as Json,
      Name: execution.name,
      RoleArn: execution.roleArn,
      StartTime: new Date(execution.started).toISOString(),
      RedriveCount: 0,
    },
    StateMachine: { Id: execution.machineArn, Name: execution.machineName },
    State: {
      Name: frame.state,
      EnteredTime: frame.enteredTime,
      RetryCount: frame.retries.reduce((sum, count) => sum + count, 0),
    },
    ...(extras.token ? { Task: { Token: extras.token } } : {}),
    ...(item ? { Map: { Item: { Index: item.index, Value: item.value } } } : {}),
  };
}
