/** Which fields each type of state has, and the rule for each. */
import { checkChoices } from './choiceRules.ts';
import {
  anything,
  expression,
  integer,
  nonEmptyText,
  objectTemplate,
  path,
  pathOrNull,
  type Rule,
  referencePath,
  resultPath,
  template,
  text,
  timestamp,
  truth,
  unsupported,
} from './fieldRules.ts';
import type { Json } from './json.ts';
import { catchers, retry } from './recoveryRules.ts';
import { checkParameters, parseResource } from './resources.ts';

type Fields = Readonly<Record<string, Rule>>;
type Report = (place: string, reason: string) => void;

const maxSeconds = 99_999_999;

const common: Fields = {
  Type: anything,
  Comment: anything,
  InputPath: pathOrNull,
  OutputPath: pathOrNull,
  QueryLanguage: (value, report) => {
    if (value !== 'JSONPath') report('', 'is not supported here: only JSONPath is');
  },
  Assign: unsupported('variables'),
  Arguments: unsupported('JSONata'),
  Output: unsupported('JSONata'),
};
const flow: Fields = { ...common, Next: nonEmptyText, End: truth };
const recovery: Fields = {
  ...flow,
  ResultSelector: objectTemplate,
  ResultPath: resultPath,
  Retry: retry,
  Catch: catchers,
};

export const fieldsOf: Readonly<Record<string, Fields>> = {
  Pass: { ...flow, Parameters: template, Result: anything, ResultPath: resultPath },
  Task: {
    ...recovery,
    Parameters: template,
    Resource: (value, report) => {
      if (typeof value === 'string' && parseResource(value) !== undefined) return;
      report('', `is not supported here: ${JSON.stringify(value)}`);
    },
    TimeoutSeconds: integer(1, maxSeconds),
    TimeoutSecondsPath: referencePath,
    HeartbeatSeconds: integer(1, maxSeconds),
    HeartbeatSecondsPath: referencePath,
    Credentials: unsupported('a role per task'),
  },
  Choice: { ...common, Choices: checkChoices, Default: nonEmptyText },
  Wait: {
    ...flow,
    Seconds: integer(0, maxSeconds),
    SecondsPath: referencePath,
    Timestamp: timestamp,
    TimestampPath: referencePath,
  },
  Succeed: common,
  Fail: {
    Type: anything,
    Comment: anything,
    Error: text,
    ErrorPath: expression,
    Cause: text,
    CausePath: expression,
    QueryLanguage: common.QueryLanguage ?? anything,
  },
  // The processor's and the branches' own states are checked where machines are.
  Map: {
    ...recovery,
    Parameters: template,
    ItemsPath: path,
    ItemSelector: template,
    MaxConcurrency: integer(0, maxSeconds),
    ItemProcessor: anything,
    Iterator: anything,
    Items: unsupported('JSONata'),
    MaxConcurrencyPath: unsupported('use MaxConcurrency'),
    ItemReader: unsupported('only inline maps are'),
    ItemBatcher: unsupported('only inline maps are'),
    ResultWriter: unsupported('only inline maps are'),
    ToleratedFailureCount: unsupported('only inline maps are'),
    ToleratedFailureCountPath: unsupported('only inline maps are'),
    ToleratedFailurePercentage: unsupported('only inline maps are'),
    ToleratedFailurePercentagePath: unsupported('only inline maps are'),
    Label: unsupported('only inline maps are'),
  },
  Parallel: { ...recovery, Parameters: template, Branches: anything },
};

/** Fields of which a state has at most one; for the first list of a type also at least one. */
const exclusive: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Task: [
    ['TimeoutSeconds', 'TimeoutSecondsPath'],
    ['HeartbeatSeconds', 'HeartbeatSecondsPath'],
  ],
  Wait: [['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath']],
  Fail: [
    ['Error', 'ErrorPath'],
    ['Cause', 'CausePath'],
  ],
  Map: [
    ['ItemProcessor', 'Iterator'],
    ['ItemSelector', 'Parameters'],
  ],
};

const required: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Task: [['Resource']],
  Choice: [['Choices']],
  Wait: [['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath']],
  Map: [['ItemProcessor', 'Iterator']],
  Parallel: [['Branches']],
};

/** What fields have to do with one another. */
export function checkTogether(type: string, state: { readonly [name: string]: Json }, report: Report): void {
  for (const names of exclusive[type] ?? []) {
    const there = names.filter((name) => name in state);
    if (there.length > 1) report(`/${there[1]}`, `must not be there together with ${there[0]}`);
  }
  for (const names of required[type] ?? []) {
    if (!names.some((name) => name in state)) report('', `must have ${names.join(' or ')}`);
  }
  const flows = fieldsOf[type]?.Next !== undefined;
  if (flows && 'Next' in state === (state.End === true)) report('', 'must have either Next or End: true');
  if (type !== 'Task') return;
  const { TimeoutSeconds: timeout, HeartbeatSeconds: heartbeat } = state;
  if (typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout) {
    report('/HeartbeatSeconds', 'must be less than TimeoutSeconds');
  }
  const resource = typeof state.Resource === 'string' ? parseResource(state.Resource) : undefined;
  if (resource) checkParameters(resource, state.Parameters, (place, reason) => report(`/Parameters${place}`, reason));
}
