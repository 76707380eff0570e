/** What is wrong with the input of an execution: the walk over its fields, and the checks that several machines have. Pure. */

export interface Refusal {
  readonly field: string;
  /** Goes after the field's name. */
  readonly message: string;
}

/** What is wrong with a field's value, beside the other fields; null where nothing is. Absent fields are `undefined`. */
export type Check = (value: unknown, request: Readonly<Record<string, unknown>>) => string | null;

/**
 * The first thing that is wrong with a request; null where nothing is.
 * @param machine name of the state machine
 * @param example the smallest request
 * @param checks of every field that there is, in the order in which they are told
 */
export function requestRefusal(
  input: unknown,
  machine: string,
  example: object,
  checks: Readonly<Record<string, Check>>,
): Refusal | null {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { field: 'input', message: `must be an object, such as ${JSON.stringify(example)}` };
  const request = input as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(request).find((field) => !Object.hasOwn(checks, field));
  if (unknown !== undefined)
    return { field: unknown, message: `is an unknown field; ${machine} takes ${Object.keys(checks).join(', ')}` };
  for (const [field, check] of Object.entries(checks)) {
    const message = check(request[field], request);
    if (message !== null) return { field, message };
  }
  return null;
}

const longestPauseSeconds = 86_400;

export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    value === undefined || allowed.some((one) => one === value)
      ? null
      : `must be ${allowed.map((one) => `"${one}"`).join(' or ')}`;

export const flag: Check = (value) =>
  value === undefined || typeof value === 'boolean' ? null : 'must be true or false';

/** Between two members or instances. */
export const pauseSeconds: Check = (value) => {
  const fits = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= longestPauseSeconds;
  return value === undefined || fits ? null : `must be a whole number from 0 to ${longestPauseSeconds}`;
};
