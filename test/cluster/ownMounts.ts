/**
 * Programs that see other files than this process: in a mount namespace of their own, which ends with them. Root may make
 * one; anybody else where user namespaces are allowed (`unshare --user`).
 */
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';

const namespace = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])];

/** Why this process may not mount anything even there; null where it may. */
export function whyNoMounts(): string | null {
  const { status, stderr, error } = spawnSync('unshare', [...namespace, 'true'], { encoding: 'utf8' });
  if (status === 0) return null;
  return `unshare ${namespace.join(' ')} does not work here: ${error?.message ?? stderr.trim()}`;
}

/** Starts a program to which `target` is what lies at `file`. */
export function spawnWithFile(file: string, target: string, command: readonly string[], options: SpawnOptions) {
  const script = 'mount --bind "$0" "$1" && shift && exec "$@"';
  return spawn('unshare', [...namespace, 'sh', '-c', script, file, target, ...command], options);
}
