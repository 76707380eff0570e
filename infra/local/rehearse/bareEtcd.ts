/** etcd processes that nothing looks after: what a procedure is compared with. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { etcdArguments, type MemberSpec } from '#etcd/arguments.ts';
import { resolveEtcd } from '../binaries/resolve.ts';

export interface BareEtcd {
  readonly spec: MemberSpec;
  readonly child: ChildProcess;
}

export async function startBareEtcd(spec: MemberSpec): Promise<BareEtcd> {
  const binary = await resolveEtcd(spec.version);
  return { spec, child: spawn(binary, etcdArguments(spec), { stdio: 'ignore' }) };
}

/** Resolves once the process is gone. */
export async function endBareEtcd({ child }: BareEtcd, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** The first three numbers of loopback addresses, away from those of homes only by chance. */
export function randomNetwork(): string {
  return `127.${1 + (process.pid % 250)}.${Math.floor(Math.random() * 250)}`;
}
