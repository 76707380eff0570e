/** JSON values as executions carry them, and the quota on their size. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

/** Bytes a state's input or output may have, as UTF-8 (AWS: "Maximum input or output size for a task, state, or execution"). */
export const maxDataBytes = 262_144;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const exceedsDataLimit = (text: string): boolean =>
  text.length > maxDataBytes || (text.length * 3 > maxDataBytes && Buffer.byteLength(text) > maxDataBytes);

/** Structural equality, regardless of the order of an object's names. */
export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, index) => sameJson(value, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]))
  );
}
