/** What the members' agents say of themselves, and what is wrong with it. Pure. */
import type { Description } from '../../agent/protocol.ts';

export interface MemberReport {
  readonly instanceId: string;
  /** Null where its agent did not answer. */
  readonly description: Description | null;
  /** Why it did not. */
  readonly problem: string;
}

/** Whoever the members follow; null where they do not say. */
export function leaderOf(reports: readonly MemberReport[]): string | null {
  for (const { description } of reports) {
    const member = description?.member;
    if (description?.health.verdict !== 'healthy' || !member) continue;
    const leader = member.members.find(({ id }) => id === member.leaderId);
    if (leader !== undefined && leader.name !== '') return leader.name;
  }
  return null;
}

/** Names that any of them lists; an unstarted member has none. */
export function listedNames(reports: readonly MemberReport[]): readonly string[] {
  const names = reports.flatMap(({ description }) => description?.member?.members.map(({ name }) => name) ?? []);
  return [...new Set(names)].filter((name) => name !== '').sort();
}

/** What keeps these from being healthy members of one cluster, one sentence each. */
export function healthProblems(reports: readonly MemberReport[]): readonly string[] {
  const unwell = reports.flatMap(({ instanceId, description, problem }) => {
    if (description === null) return [`the agent of ${instanceId} does not answer: ${problem}`];
    if (description.phase !== 'running') return [`${instanceId} is ${description.phase}: ${description.reason}`];
    return description.health.verdict === 'healthy' ? [] : description.health.reasons;
  });
  const clusters = new Map(
    reports.flatMap(({ instanceId, description }) =>
      description?.member?.clusterId ? [[description.member.clusterId, instanceId] as const] : [],
    ),
  );
  if (clusters.size <= 1) return unwell;
  const said = [...clusters].map(([id, instanceId]) => `${instanceId} is in ${id}`);
  return [...unwell, `the members are in different clusters: ${said.join(', ')}`];
}

/**
 * What is wrong with their member lists.
 * @param allowed names that may be listed beside the members' own: one that joins, one that leaves
 */
export function listProblems(reports: readonly MemberReport[], allowed: readonly string[]): readonly string[] {
  const members = reports.map(({ instanceId }) => instanceId);
  const problems = reports.flatMap(({ instanceId, description }) => {
    const listed = description?.member?.members;
    if (!listed) return [];
    const absent = members.filter((name) => listed.every((one) => one.name !== name));
    const odd = listed.filter(({ name }) => name !== '' && ![...members, ...allowed].includes(name));
    // An unstarted member has no name; who is allowed to join may not have started yet.
    const unnamed = allowed.length > 0 ? [] : listed.filter(({ name }) => name === '');
    const learners = listed.filter(({ name, isLearner }) => isLearner && !allowed.includes(name));
    return [
      ...absent.map((name) => `${instanceId} does not list ${name}, which is in the group`),
      ...odd.map(({ name }) => `${instanceId} lists ${name}, which is not in the group`),
      ...unnamed.map(({ id }) => `${instanceId} lists the member ${id}, which has not started`),
      ...learners.filter(({ name }) => name !== '').map(({ name }) => `${name} is still a learner`),
    ];
  });
  return [...new Set(problems)];
}
