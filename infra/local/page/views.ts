/** What the page's JSON API answers with. Shared by the server and the browser, so it holds types only. */

/** How far a state has come; `waiting`: not entered yet, `caught`: failed, and a Catch led on from there. */
export type StateStatus = 'waiting' | 'running' | 'succeeded' | 'failed' | 'caught' | 'aborted';

/** How many iterations of a Map stand where. */
export interface IterationCounts {
  readonly total: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly aborted: number;
}

export interface StateProgress {
  readonly name: string;
  readonly type: string;
  readonly status: StateStatus;
  /** Times the state was entered in the whole execution: loops and iterations included. */
  readonly entered: number;
  /** Attempts after the first, of the visits that count now. */
  readonly retries: number;
  /** Visits that count now (one per iteration inside a Map), by status. */
  readonly visits: Readonly<Record<Exclude<StateStatus, 'waiting'>, number>>;
  /** Iterations of the Map around this state; null outside a Map or before it started. */
  readonly outOf: number | null;
  /** Only for a Map that has started. */
  readonly iterations: IterationCounts | null;
}

/** One visit of a state, with what went in and came out. */
export interface VisitView {
  readonly status: Exclude<StateStatus, 'waiting'>;
  /** Index of the Map iteration around it. */
  readonly iteration: number | null;
  readonly retries: number;
  /** JSON text, as the history has it. */
  readonly input: string | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  /** ISO 8601 */
  readonly enteredAt: string | null;
  readonly exitedAt: string | null;
  /** ARN of the execution that it started and waits for; null of any other state. */
  readonly nested: string | null;
  readonly events: readonly EventView[];
}

export interface EventView {
  readonly id: number;
  readonly type: string;
  readonly timestamp: string | null;
  /** The event's details, whatever AWS calls them for this type. */
  readonly details: unknown;
}

export interface StateMachineView {
  readonly stateMachineArn: string;
  readonly name: string;
  /** The input that the form starts from. */
  readonly exampleInput: string;
  /** The machine that starts it; null where operators do. */
  readonly startedBy: string | null;
}

export interface ExecutionSummary {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly status: string;
  readonly startDate: string | null;
  readonly stopDate: string | null;
}

export interface ExecutionView extends ExecutionSummary {
  readonly input: string | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  /** In the order of the definition. */
  readonly states: readonly StateProgress[];
}

export interface MemberView {
  /** The etcd member's name where it is known, else the instance id. */
  readonly name: string;
  readonly instanceId: string;
  readonly zone: string;
  readonly address: string;
  /** As EC2 calls it: pending, running, shutting-down, stopped. */
  readonly instanceState: string;
  /** etcd's version X.Y.Z; null while it does not run. */
  readonly version: string | null;
  readonly role: 'leader' | 'follower' | 'learner' | null;
  readonly health: 'healthy' | 'converging' | 'unhealthy' | 'unknown';
  /** Why it is not healthy; empty when it is. */
  readonly reasons: readonly string[];
  /** How clients reach it; null where its agent does not tell. */
  readonly serves: { readonly transport: 'plain' | 'both' | 'tls'; readonly certificateEndsAt: string | null } | null;
  /** Of its v3 database, in bytes; null where it has none or does not tell. */
  readonly database: { readonly bytes: number; readonly quotaBytes: number } | null;
}

export interface UpkeepView {
  /** Null: not known. */
  readonly lock: {
    readonly held: {
      readonly holder: string;
      readonly purpose: string;
      readonly takenAt: string | null;
      /** Of the execution that holds it; null where it is not known. */
      readonly status: string | null;
    } | null;
  } | null;
  /** As the leader's agent keeps them; null where none tells. */
  readonly dns: { readonly verdict: 'inSync' | 'changed' | 'unknown' | 'notOurs'; readonly reason: string } | null;
  readonly housekeeping: {
    /** Why it does nothing; null where it does. */
    readonly paused: string | null;
    /** Sentences. */
    readonly findings: readonly string[];
  } | null;
}

export interface ClusterHealth {
  readonly verdict: 'healthy' | 'degraded' | 'down' | 'starting';
  /** One sentence. */
  readonly summary: string;
}

export interface MembersView {
  readonly cluster: string;
  readonly health: ClusterHealth;
  readonly upkeep: UpkeepView;
  readonly members: readonly MemberView[];
}

export interface LinksView {
  /** Home first. */
  readonly regions: readonly string[];
  /** One way each: both between every two regions, then the cuts of zones and instances. */
  readonly links: readonly {
    /** A region, a zone or an instance id. */
    readonly from: string;
    readonly to: string;
    readonly delayMs: number;
    readonly jitterMs: number;
    readonly cut: boolean;
  }[];
}

/** Body of every refusal. `field`: which part of the request is at fault; null where it is none of them. */
export interface RefusalView {
  readonly error: { readonly field: string | null; readonly message: string };
}
