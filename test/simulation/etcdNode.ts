/** One etcd: a process, or none, over the data of one disk. */

/** What a disk holds of a member. */
export interface MemberData {
  readonly memberId: string;
  readonly clusterId: string;
  /** Length of the history of configurations that it has applied. */
  applied: number;
  /** Its log is whole up to this moment. */
  wholeUntilMs: number;
  corrupt: boolean;
}

export interface EtcdNode {
  readonly instanceId: string;
  readonly address: string;
  /** Null: an empty disk. */
  data: MemberData | null;
  /** Null while no process runs. */
  pid: number | null;
  startedAtMs: number;
  starts: number;
  paused: boolean;
  /** The end of what it printed. */
  lastWords: string;
  /** In sync with the leader from this moment on; infinite while it is not connected to it. */
  syncedAtMs: number;
  /** Connected to the leader since; infinite while it is not. */
  connectedAtMs: number;
  /** Who supervises it. */
  onExit: (how: string) => void;
}

export function createNode(instanceId: string, address: string): EtcdNode {
  return {
    instanceId,
    address,
    data: null,
    pid: null,
    startedAtMs: 0,
    starts: 0,
    paused: false,
    lastWords: '',
    syncedAtMs: Number.POSITIVE_INFINITY,
    connectedAtMs: Number.POSITIVE_INFINITY,
    onExit: () => {},
  };
}

export function runs({ pid, paused }: EtcdNode): boolean {
  return pid !== null && !paused;
}
