/** What `npm run status` found out; printed as it is by `--json`. Types only. */
import type { RecordSet } from '#etcd/dnsRecords.ts';
import type { BootstrapRecord, LockRecord, RegionChangeRecord, UpgradeRecord } from '#etcd/record.ts';
import type { Description } from '../../agent/protocol.ts';

export interface StatusFacts {
  readonly cluster: string;
  /** ISO 8601 */
  readonly at: string;
  /** Null: the cluster was never bootstrapped. */
  readonly bootstrap: BootstrapRecord | null;
  /** Of all regions that answer. */
  readonly group: GroupFacts;
  /** Regions whose AWS does not answer: what is there is not known. */
  readonly silent: readonly { readonly region: string; readonly reason: string }[];
  readonly lock: LockRecord | null;
  /** Whether the execution that holds the lock has ended; false where nobody holds it. */
  readonly holderEnded: boolean;
  /** The last one, or the one that is under way. */
  readonly upgrade: UpgradeRecord | null;
  /** The last one of members between two regions, or the one that is under way. */
  readonly regionChange: RegionChangeRecord | null;
  readonly dns: DnsStatus;
  /** The latest of each state machine, newest first. */
  readonly executions: readonly ExecutionFacts[];
}

export interface GroupFacts {
  readonly name: string;
  readonly desired: number;
  readonly instances: readonly InstanceFacts[];
  readonly suspended: readonly { readonly process: string; readonly reason: string }[];
}

export interface InstanceFacts {
  readonly instanceId: string;
  readonly zone: string;
  /** As Auto Scaling calls it: `InService`, `Terminating:Wait`, ... */
  readonly lifecycleState: string;
  readonly address: string | null;
  /** What its agent says; null where it was not reached. */
  readonly agent: Description | null;
  /** Why it was not. */
  readonly unreachable: string | null;
}

export interface DnsStatus {
  readonly verdict: 'inSync' | 'differs' | 'notOurs' | 'unknown';
  /** One sentence; empty when in sync. */
  readonly reason: string;
  readonly desired: readonly RecordSet[];
  readonly actual: readonly RecordSet[];
}

export interface ExecutionFacts {
  readonly machine: string;
  readonly name: string;
  readonly status: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly stoppedAt: string | null;
}

export interface Problem {
  /** One sentence. */
  readonly text: string;
  /** Anchor in docs/runbook.md. */
  readonly heading: string;
}
