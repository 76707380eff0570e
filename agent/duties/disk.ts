/** What the data volume says of itself: whose it is, what it has registered, and what was set aside. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MemberSpec } from '#etcd/arguments.ts';
import type { Start } from '#etcd/upgradeStep.ts';
import { readIfThere, readJson, writeDurably } from '../machine/files.ts';
import type { Layout } from '../machine/layout.ts';

/** The note of a newcomer, written before its etcd is started. */
export interface Registration {
  readonly memberId: string;
  /** Set, and synced, before etcd is started: from then on the member may have voted. */
  readonly started: boolean;
  /** Set when it is a voter: a learner still has to be promoted. */
  readonly voter?: boolean;
}

/** A start that did not get healthy. */
export interface FailedSwap {
  readonly start: Start;
  /** Of the operation that asked for it. */
  readonly fencingToken: number;
  /** What was wrong, and etcd's last words. */
  readonly why: string;
}

export interface Disk {
  /** Whether etcd's data directory holds a member: a write-ahead log, without which etcd takes it for empty. */
  hasMember(): boolean;
  /** Whether etcd has ever written to this disk. Where it has and there is no member any more, the data was lost. */
  hasRun(): boolean;
  noteRun(): void;
  /** Instance id that the data belongs to; null where nobody has written one. */
  owner(): string | null;
  own(instanceId: string): void;
  claim(): string | null;
  /** Synced before anybody else hears of it. */
  newClaim(): string;
  registration(): Registration | null;
  register(registration: Registration | null): void;
  /** How this member was started last; null where none was decided on. On the root volume. */
  member(): MemberSpec | null;
  keepMember(spec: MemberSpec): void;
  /** What was started before the last swap of the binary, to be put back where the new one fails; null: none. */
  previousMember(): MemberSpec | null;
  keepPreviousMember(spec: MemberSpec): void;
  /** The last swap that was given up: not tried again for the same operation. */
  failedSwap(): FailedSwap | null;
  noteFailedSwap(failed: FailedSwap): void;
  /**
   * Moves the data out of the way, kept and named, with all that ties this disk to a member.
   * @returns where it is now; null where there was nothing
   */
  setAside(why: string): string | null;
}

/** Older ones make room. */
const keptSetAside = 3;

export function createDisk({ dataDir, claim, owner, ran, registration, setAside, state }: Layout): Disk {
  const memberFile = join(state, 'member.json');
  const previousFile = join(state, 'previous-member.json');
  const failedFile = join(state, 'failed-swap.json');
  return rememberingRuns({
    hasMember: () => filesIn(join(dataDir, 'member', 'wal')).some((name) => name.endsWith('.wal')),
    hasRun: () => ran.some((file) => existsSync(file)),
    noteRun() {
      for (const file of ran) if (!existsSync(file)) writeDurably(file, `${new Date().toISOString()}\n`);
    },
    owner: () => readIfThere(owner)?.trim() ?? null,
    own: (instanceId) => writeDurably(owner, `${instanceId}\n`),
    claim: () => readIfThere(claim)?.trim() ?? null,
    newClaim() {
      const fresh = randomUUID();
      writeDurably(claim, `${fresh}\n`);
      return fresh;
    },
    registration: () => readJson<Registration>(registration),
    register(note) {
      if (note === null) rmSync(registration, { force: true });
      else writeDurably(registration, JSON.stringify(note));
    },
    member: () => readJson<MemberSpec>(memberFile),
    keepMember: (spec) => writeDurably(memberFile, JSON.stringify(spec)),
    previousMember: () => readJson<MemberSpec>(previousFile),
    keepPreviousMember: (spec) => writeDurably(previousFile, JSON.stringify(spec)),
    failedSwap: () => readJson<FailedSwap>(failedFile),
    noteFailedSwap: (failed) => writeDurably(failedFile, JSON.stringify(failed)),
    setAside(why) {
      for (const file of [claim, owner, registration, ...ran, memberFile, previousFile]) rmSync(file, { force: true });
      if (!existsSync(dataDir)) return null;
      mkdirSync(setAside, { recursive: true, mode: 0o700 });
      for (const old of readdirSync(setAside)
        .sort()
        .slice(0, -(keptSetAside - 1)))
        rmSync(join(setAside, old), { recursive: true, force: true });
      const kept = join(setAside, `${new Date().toISOString().replaceAll(':', '')}-${why}`);
      renameSync(dataDir, kept);
      return kept;
    },
  });
}

/** What this agent has seen once it does not forget, whatever is deleted under it: only data that was set aside is over. */
export function rememberingRuns(disk: Disk): Disk {
  let seen = false;
  return {
    ...disk,
    hasRun() {
      seen ||= disk.hasRun();
      return seen;
    },
    noteRun() {
      seen = true;
      disk.noteRun();
    },
    setAside(why) {
      seen = false;
      return disk.setAside(why);
    },
  };
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
