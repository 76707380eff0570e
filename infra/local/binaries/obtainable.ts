/** Versions of etcd that this machine has, or can make without the internet. */
import { existsSync, readdirSync } from 'node:fs';
import { compareVersions, isSupported } from '#etcd/versions.ts';
import { buildable } from './build.ts';
import { cacheFolder } from './cache.ts';
import { cachedAt } from './resolve.ts';

/** Oldest first. */
export function obtainableVersions(): readonly string[] {
  const cached = readdirSync(cacheFolder())
    .flatMap((name) => /^etcd-(\d+\.\d+\.\d+)(?:\+\d+)?$/.exec(name)?.[1] ?? [])
    .filter((version) => existsSync(cachedAt('etcd', version)));
  return [...new Set([...buildable(), ...cached])].filter(isSupported).sort(compareVersions);
}
