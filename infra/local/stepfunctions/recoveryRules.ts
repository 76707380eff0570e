/** Rules for Retry and Catch. */
import {
  anything,
  integer,
  nonEmptyText,
  numberFrom,
  oneOf,
  type Rule,
  resultPath,
  unsupported,
} from './fieldRules.ts';
import { isObject, type Json } from './json.ts';

const predefined = new Set([
  'States.ALL',
  'States.BranchFailed',
  'States.DataLimitExceeded',
  'States.ExceedToleratedFailureThreshold',
  'States.HeartbeatTimeout',
  'States.IntrinsicFailure',
  'States.ItemReaderFailed',
  'States.NoChoiceMatched',
  'States.ParameterPathFailure',
  'States.Permissions',
  'States.ResultPathMatchFailure',
  'States.ResultWriterFailed',
  'States.Runtime',
  'States.TaskFailed',
  'States.Timeout',
]);

const maxSeconds = 99_999_999;
const maxDelay = 31_622_400;

const retrierFields: Readonly<Record<string, Rule>> = {
  Comment: anything,
  ErrorEquals: anything,
  IntervalSeconds: integer(1, maxSeconds),
  BackoffRate: numberFrom(1),
  MaxAttempts: integer(0, maxSeconds),
  MaxDelaySeconds: integer(1, maxDelay),
  JitterStrategy: oneOf('FULL', 'NONE'),
};

const catcherFields: Readonly<Record<string, Rule>> = {
  Comment: anything,
  ErrorEquals: anything,
  Next: nonEmptyText,
  ResultPath: resultPath,
  Assign: unsupported('variables'),
  Output: unsupported('JSONata'),
};

/** Checks an object's fields against a table of rules; what the table lacks is refused by name. */
export function checkFields(
  value: { readonly [name: string]: Json },
  fields: Readonly<Record<string, Rule>>,
  report: (place: string, reason: string) => void,
): void {
  for (const [name, field] of Object.entries(value)) {
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (known === undefined) report(`/${name}`, 'is not supported here: the field is not known for this state');
    else known(field, (place, reason) => report(`/${name}${place}`, reason));
  }
}

const listOf =
  (fields: Readonly<Record<string, Rule>>, more: Rule): Rule =>
  (value, report) => {
    if (!Array.isArray(value)) {
      report('', 'must be an array');
      return;
    }
    value.forEach((entry, index) => {
      const here = (place: string, reason: string) => report(`[${index}]${place}`, reason);
      if (!isObject(entry)) {
        here('', 'must be an object');
        return;
      }
      checkFields(entry, fields, here);
      checkErrorEquals(entry.ErrorEquals, index === value.length - 1, (reason) => here('/ErrorEquals', reason));
      more(entry, here);
    });
  };

function checkErrorEquals(value: Json | undefined, last: boolean, report: (reason: string) => void): void {
  if (!Array.isArray(value) || value.length === 0) {
    report('must be an array of error names that is not empty');
    return;
  }
  for (const name of value) {
    if (typeof name !== 'string') report('must be an array of error names');
    else if (name.startsWith('States.') && !predefined.has(name)) report(`'${name}' is not a predefined error`);
  }
  if (value.includes('States.ALL') && (value.length > 1 || !last)) {
    report('States.ALL must stand alone, in the last entry');
  }
}

export const retry = listOf(retrierFields, (entry, report) => {
  if (!isObject(entry)) return;
  const { IntervalSeconds: interval = 1, MaxDelaySeconds: delay } = entry;
  if (typeof delay === 'number' && typeof interval === 'number' && delay <= interval) {
    report('/MaxDelaySeconds', 'must be greater than IntervalSeconds');
  }
});

export const catchers = listOf(catcherFields, (entry, report) => {
  if (isObject(entry) && entry.Next === undefined) report('/Next', 'is missing');
});
