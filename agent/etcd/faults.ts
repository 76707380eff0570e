/**
 * Every way in which the appliance says no: one table, imported by whoever throws a fault and by the state machines that
 * retry or catch it. A fault's name is the error name that an operator sees in the Step Functions console.
 */

/** What a state machine does about a fault: wait and try again, or stop and tell the operator. */
export type Disposition = 'retry' | 'halt';

export interface FaultEntry {
  /** One sentence for the operator: what it means. */
  readonly meaning: string;
  readonly disposition: Disposition;
  /** The heading in docs/runbook.md that says what to look at and what to do. */
  readonly runbook: string;
}

const table = {
  InvalidInput: {
    meaning: 'A request has a field that is missing, unknown or malformed. Nothing was changed.',
    disposition: 'halt',
    runbook: 'invalid-input',
  },
  InstancesNotInService: {
    meaning: 'The Auto Scaling group did not bring enough instances into service in time.',
    disposition: 'halt',
    runbook: 'instances-not-in-service',
  },
  InstanceNotReachable: {
    meaning: 'Systems Manager cannot reach the agent of an instance (yet).',
    disposition: 'retry',
    runbook: 'instance-not-reachable',
  },
  CommandFailed: {
    meaning: 'The agent was reached, but the command could not be handed to it.',
    disposition: 'halt',
    runbook: 'command-failed',
  },
  MemberNotHealthy: {
    meaning: 'A member did not become healthy before its deadline.',
    disposition: 'halt',
    runbook: 'member-not-healthy',
  },
  PreflightFailed: {
    meaning: 'The cluster or its group is not in the state that the operation needs. Nothing was changed.',
    disposition: 'halt',
    runbook: 'preflight-failed',
  },
  RegionsTooFar: {
    meaning: 'Two regions do not reach each other, or a round trip between them takes too long. No member was moved.',
    disposition: 'halt',
    runbook: 'regions-too-far',
  },
  NoNewMember: {
    meaning: 'No new member joined the cluster before the deadline.',
    disposition: 'halt',
    runbook: 'no-new-member',
  },
  MemberNotGone: {
    meaning: 'A member whose instance is being terminated did not leave the cluster before the deadline.',
    disposition: 'halt',
    runbook: 'member-not-gone',
  },
  UpgradeNotPossible: {
    meaning: 'etcd does not allow this upgrade, or not from the state that the cluster is in. Nothing was changed.',
    disposition: 'halt',
    runbook: 'upgrade-not-possible',
  },
  UnsafeToStop: {
    meaning: 'A member was not stopped, as the others would have had no quorum or were not all healthy.',
    disposition: 'halt',
    runbook: 'unsafe-to-stop',
  },
  CertificatesNotIssued: {
    meaning: 'The certificate signer gave an instance no certificates that fit. Its member was not touched.',
    disposition: 'halt',
    runbook: 'certificates-not-issued',
  },
  MemberNotUpgraded: {
    meaning: 'A member did not become healthy with its new release. No other member was touched after it.',
    disposition: 'halt',
    runbook: 'member-not-upgraded',
  },
  ClusterVersionNotReached: {
    meaning: 'All members run the new release, but they do not report the new cluster version.',
    disposition: 'halt',
    runbook: 'cluster-version-not-reached',
  },
  RaftSnapshotNotTaken: {
    meaning: 'A member did not take a raft snapshot, without which the next minor would read entries of an older one.',
    disposition: 'halt',
    runbook: 'raft-snapshot-not-taken',
  },
  BackupFailed: {
    meaning: 'A backup could not be made, so nothing was changed that could not be taken back.',
    disposition: 'halt',
    runbook: 'backup-failed',
  },
  V2StoreNotEmpty: {
    meaning: 'Keys of the v2 API are left, with which etcd 3.6 does not start. No member was touched for this hop.',
    disposition: 'halt',
    runbook: 'v2-store-not-empty',
  },
  MemberCrashLooping: {
    meaning: 'etcd on this member exits again and again soon after it was started.',
    disposition: 'halt',
    runbook: 'member-crash-looping',
  },
  MembersDisagree: {
    meaning: 'The members do not report one cluster with the same member list and version.',
    disposition: 'halt',
    runbook: 'members-disagree',
  },
  BootstrapMemberMissing: {
    meaning: 'An instance that the bootstrap record names is gone before the cluster was created.',
    disposition: 'halt',
    runbook: 'bootstrap-member-missing',
  },
  RecordConflict: {
    meaning: 'The cluster record was written by somebody else and says something different.',
    disposition: 'halt',
    runbook: 'record-conflict',
  },
  LockHeld: {
    meaning: 'Another operation holds the lock of this cluster.',
    disposition: 'halt',
    runbook: 'lock-held',
  },
  StaleToken: {
    meaning: 'A command carries a fencing token older than one this agent has already seen.',
    disposition: 'halt',
    runbook: 'stale-token',
  },
  ReleaseUnavailable: {
    meaning: 'An etcd release could not be fetched, or its SHA-256 is not the expected one.',
    disposition: 'halt',
    runbook: 'release-unavailable',
  },
} as const satisfies Record<string, FaultEntry>;

/** The name of a fault, as it appears in `ErrorEquals`, in an execution's `error` and in SendTaskFailure. */
export type FaultName = keyof typeof table;

/** All faults by name. */
export const faults: Readonly<Record<FaultName, FaultEntry>> = table;

/** Longest cause that Step Functions accepts in SendTaskFailure, in characters (API_SendTaskFailure). */
export const maxCauseLength = 32_768;

/** Where a message says what to look at; one that tells of another fault brings that one's along. */
const runbookNote = / \(runbook: docs\/runbook\.md#[a-z0-9-]+\)/g;

/** An error whose `name` is one of the table's, literal, so that it survives minification and reaches `ErrorEquals`. */
export class Fault extends Error {
  override readonly name: FaultName;

  constructor(name: FaultName, message: string, options?: ErrorOptions) {
    super(`${message.replaceAll(runbookNote, '')} (runbook: docs/runbook.md#${faults[name].runbook})`, options);
    this.name = name;
  }
}

/** Whether a string is the name of a fault in the table. */
export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(table, name);
}
