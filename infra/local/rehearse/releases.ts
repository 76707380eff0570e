/** Releases that an upgrade may stop at. Pure but for what this machine has. */
import { compareVersions, minorOf, minors } from '#etcd/versions.ts';
import { obtainableVersions } from '../binaries/obtainable.ts';

/** Of each minor after `from` the newest that this machine can have, and `to`; a patch of `from`'s own minor, too. */
export function releasesBetween(from: string, to: string, obtainable = obtainableVersions()): readonly string[] {
  const [first, last] = [minorOf(from), minorOf(to)];
  if (first === null || last === null) return [to];
  const between = minors.slice(minors.indexOf(first), minors.indexOf(last));
  const newest = between.flatMap((minor) => obtainable.filter((version) => minorOf(version) === minor).at(-1) ?? []);
  return [...new Set([...newest.filter((version) => compareVersions(version, from) > 0), to])];
}
