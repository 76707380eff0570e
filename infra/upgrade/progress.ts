/** How far an upgrade has come, from the history of its execution and of the hops that it starts. Pure. */
import type { Hop, NextHop, NextMember, UpgradePlan } from '../../tasks/catalogue.ts';
import { isCaught, pauseSeconds, type Step } from './steps.ts';

export interface Progress {
  /** Null until it is made. */
  readonly plan: UpgradePlan | null;
  /** Whether the operation lock was taken. */
  readonly locked: boolean;
  /** In the order of their beginning; the last may be under way. */
  readonly hops: readonly HopProgress[];
  /** Hops still to do, with the one under way; null until the first is chosen. */
  readonly remaining: number | null;
  /** The state that it is in, of those that take time or change something. */
  readonly doing: string | null;
  /** The end of the machine that was reached. */
  readonly outcome: Outcome | null;
}

export type Outcome = 'upgraded' | 'unchanged' | 'paused' | 'abandoned' | 'halted' | 'refused';

export interface HopProgress {
  /** From 1 on, with those done before this execution. */
  readonly number: number;
  /** As it is known now. */
  readonly of: number;
  readonly kind: Hop['kind'];
  readonly from: string;
  readonly to: string;
  /** Members of the cluster. */
  readonly size: number;
  /** Epoch milliseconds. */
  readonly beganAtMs: number;
  readonly endedAtMs: number | null;
  readonly members: readonly MemberProgress[];
}

export interface MemberProgress {
  /** Name, which is the instance id. */
  readonly member: string;
  /** Instance id of the one that takes its place; null where it stays. */
  readonly successor: string | null;
  readonly leads: boolean;
  readonly beganAtMs: number;
  readonly endedAtMs: number | null;
  /** Milliseconds without etcd; null where its instance was replaced. */
  readonly downMs: number | null;
}

export const nothingYet: Progress = {
  plan: null,
  locked: false,
  hops: [],
  remaining: null,
  doing: null,
  outcome: null,
};

/** Ends of RollingUpgrade by the name of their state. */
export const outcomes: Readonly<Record<string, Outcome>> = {
  'Nothing changed': 'unchanged',
  'Upgrade paused with the lock kept': 'paused',
  'Cluster upgraded': 'upgraded',
  'Upgrade abandoned': 'abandoned',
  'Upgrade halted with the lock kept': 'halted',
  'Upgrade refused': 'refused',
};

type Advance = (progress: Progress, step: Step) => Progress;

/** What a state that is left or entered says, by its name. */
export const entered: Readonly<Record<string, Advance>> = {
  'Climb one hop': (progress, { atMs, data }) => {
    const { hop, done, remaining, members } = data.next as NextHop;
    const { kind, from, to } = hop;
    const begun = { kind, from, to, number: done + 1, of: done + remaining, size: members.length, beganAtMs: atMs };
    return { ...progress, remaining, hops: [...progress.hops, { ...begun, endedAtMs: null, members: [] }] };
  },
  'Upgrade the member': (progress, { atMs, data }) => {
    const { member, leads } = data.next as NextMember;
    return withMember(progress, begunMember(member, leads, atMs));
  },
  'Add an instance': (progress, { atMs, data }) =>
    withMember(progress, begunMember((data.next as { old: string }).old, false, atMs)),
};

export const left: Readonly<Record<string, Advance>> = {
  'Plan the upgrade': (progress, { data }) => ({ ...progress, plan: data.plan as UpgradePlan }),
  'Take the operation lock': (progress) => ({ ...progress, locked: true }),
  'Climb one hop': (progress, { atMs }) => ({
    ...inHop(progress, () => ({ endedAtMs: atMs })),
    remaining: Math.max(0, (progress.remaining ?? 1) - 1),
  }),
  'Upgrade the member': (progress, { atMs, data }) => {
    const { downMs } = data.done as { downMs: number };
    return inMember(progress, { endedAtMs: atMs, downMs });
  },
  'Wait until a new member has joined': (progress, { data }) =>
    inMember(progress, { successor: (data.successor as { instanceId: string }).instanceId }),
  'Note the replacement': (progress, { atMs }) => inMember(progress, { endedAtMs: atMs }),
};

/** Left out of what it is doing: states that decide or note something, in no time. */
const brief = /\?$|^(Choose|Receive|Explain|Note|Hop done|Hop failed|No instance left)/;

function takesTime(step: Step): boolean {
  return step.state.startsWith('Pause before') ? pauseSeconds(step) > 0 : !brief.test(step.state);
}

export function advance(progress: Progress, step: Step): Progress {
  const { state, type } = step;
  if (type === 'left') return isCaught(step) ? progress : (left[state]?.(progress, step) ?? progress);
  const outcome = outcomes[state] ?? progress.outcome;
  const doing = takesTime(step) && outcome === null ? state : progress.doing;
  return { ...(entered[state]?.(progress, step) ?? progress), doing, outcome };
}

/** The hop that is under way, or was when it ended. */
export function currentHop({ hops }: Progress): HopProgress | null {
  const last = hops.at(-1);
  return last === undefined || last.endedAtMs !== null ? null : last;
}

/** The member that is under way, or was when it ended. */
export function currentMember(progress: Progress): MemberProgress | null {
  return currentHop(progress)?.members.find(({ endedAtMs }) => endedAtMs === null) ?? null;
}

function begunMember(member: string, leads: boolean, beganAtMs: number): MemberProgress {
  return { member, successor: null, leads, beganAtMs, endedAtMs: null, downMs: null };
}

function inHop(progress: Progress, change: (hop: HopProgress) => Partial<HopProgress>): Progress {
  const { hops } = progress;
  return { ...progress, hops: hops.map((hop, at) => (at === hops.length - 1 ? { ...hop, ...change(hop) } : hop)) };
}

function withMember(progress: Progress, member: MemberProgress): Progress {
  return inHop(progress, ({ members }) => ({ members: [...members, member] }));
}

function inMember(progress: Progress, change: Partial<MemberProgress>): Progress {
  return inHop(progress, ({ members }) => ({
    members: members.map((member) => (member.endedAtMs === null ? { ...member, ...change } : member)),
  }));
}
