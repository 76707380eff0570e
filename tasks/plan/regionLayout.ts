/** How many members are in each of two regions, and the single moves from one layout to another. Pure. */
import { quorum } from '#etcd/membership.ts';

export interface Layout {
  /** Members in the home region. */
  readonly home: number;
  /** In the other one; 0 where the cluster is in one region. */
  readonly remote: number;
}

/** The most that a cluster has, wherever they are: etcd's own advice (FAQ: "What is maximum cluster size?"). */
export const mostMembers = 7;

/** Of a layout, what it has in one of the two regions. @param home name of the home region */
export function membersAt(layout: Layout, home: string, region: string): number {
  return region === home ? layout.home : layout.remote;
}

const total = ({ home, remote }: Layout) => home + remote;

/** How many members may fail without the quorum being lost. */
export function toleranceOf(layout: Layout): number {
  return total(layout) - quorum(total(layout));
}

/** Why no cluster should be spread so; null where nothing is against it. Goes after the field's name. */
export function layoutRefusal(layout: Layout): string | null {
  const { home } = layout;
  const members = total(layout);
  if (members > mostMembers)
    return `makes ${members} members together with those at home, and etcd is run with ${mostMembers} at most`;
  if (home < quorum(members))
    return `would take the quorum from home: of ${members} members ${quorum(members)} are a quorum, and home would have ${home}, so that the loss of the smaller region stops all writes; allowed: fewer than homeMembers`;
  return null;
}

/** What an operator has to know of a layout: what is left when a region is lost. */
export function lossWords(layout: Layout, home: string, remote: string): readonly string[] {
  if (layout.remote === 0) return [`all ${layout.home} members are in ${home}: with it, the cluster is lost`];
  const needed = quorum(total(layout));
  const leftWithout = layout.home;
  return [
    `if ${remote} is lost, ${leftWithout} of ${total(layout)} members are left, ${needed} are a quorum: writes go on`,
    `if ${home} is lost, ${layout.remote} of ${total(layout)} members are left: writes stop until it is back, or until an operator restores a backup`,
  ];
}

export interface Move {
  readonly what: 'add' | 'remove';
  readonly where: keyof Layout;
}

/**
 * The next single move, null where the target is reached. A member is added before one is removed, so that no moment tolerates fewer failures than
 * beginning or end do; home grows before the other region does and shrinks after it, so that it has the quorum at every moment.
 */
export function nextMove(now: Layout, target: Layout): Move | null {
  const lacking = (['home', 'remote'] as const).find((where) => now[where] < target[where]);
  const surplus = (['remote', 'home'] as const).find((where) => now[where] > target[where]);
  if (lacking !== undefined && (surplus === undefined || total(now) <= total(target)))
    return { what: 'add', where: lacking };
  return surplus === undefined ? null : { what: 'remove', where: surplus };
}

export function moved(layout: Layout, { what, where }: Move): Layout {
  return { ...layout, [where]: layout[where] + (what === 'add' ? 1 : -1) };
}

/** Every move from one layout to the other. */
export function movesBetween(from: Layout, to: Layout): readonly Move[] {
  const next = nextMove(from, to);
  return next === null ? [] : [next, ...movesBetween(moved(from, next), to)];
}
