/** etcd as a process of this machine, whoever supervises it. It outlives the agent. */
import { etcdArguments, type MemberSpec } from '#etcd/arguments.ts';

export interface EtcdCommand {
  readonly binary: string;
  readonly arguments: readonly string[];
  readonly dataDir: string;
  /** Private keys that etcd reads; absent: none. */
  readonly keys?: readonly string[];
}

/** The command of a member with this binary. */
export function commandOf(binary: string, spec: MemberSpec): EtcdCommand {
  const { dataDir, tls } = spec;
  const keys = tls === undefined ? {} : { keys: [tls.server.key, tls.peer.key] };
  return { binary, arguments: etcdArguments(spec), dataDir, ...keys };
}

export interface EtcdExitReport {
  /** Milliseconds of the monotonic clock; of an etcd that an earlier agent started, when this agent found it. */
  readonly startedAtMs: number;
  readonly exitedAtMs: number;
  /** `SIGKILL`, `exit 1`, or that nobody saw it. */
  readonly how: string;
}

export interface EtcdProcess {
  /** Pid of the running etcd; null while there is none. */
  pid(): number | null;
  /** Takes over an etcd on this data directory that runs already, as after the agent was killed; says whether there is one. */
  adopt(dataDir: string): Promise<boolean>;
  /** @throws Error where it cannot be started at all */
  start(command: EtcdCommand): Promise<void>;
  /** SIGTERM, then SIGKILL where it has not ended after `graceMs`; resolves when it is gone. Nothing is started again. */
  stop(graceMs: number): Promise<void>;
  /** The end of what etcd has printed, a few kilobytes. */
  lastWords(): Promise<string>;
  /** Called once for each end of a started or adopted etcd. */
  onExit(listener: (exit: EtcdExitReport) => void): void;
}
