/** Versions of etcd that this machine has, or can make without the internet. */
import { readdirSync } from 'node:fs';
import { compareVersions, isSupported } from '#etcd/versions.ts';
import { buildable } from './build.ts';
import { cacheFolder } from './cache.ts';

/** Oldest first. */
export function obtainableVersions(): readonly string[] {
  const cached = readdirSync(cacheFolder()).flatMap((name) => /^etcd-(\d+\.\d+\.\d+)$/.exec(name)?.[1] ?? []);
  return [...new Set([...buildable(), ...cached])].filter(isSupported).sort(compareVersions);
}
