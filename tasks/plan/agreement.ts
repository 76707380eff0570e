/** Whether what the members reported is one cluster. Pure. */

export interface Report {
  readonly member: string;
  readonly clusterId: string;
  readonly etcdVersion: string;
  readonly isLeader: boolean;
  /** Names of all members it lists, sorted. */
  readonly members: readonly string[];
}

export type Agreement =
  | {
      readonly verdict: 'agreed';
      readonly clusterId: string;
      readonly etcdVersion: string;
      readonly members: readonly string[];
      readonly leader: string | null;
    }
  | { readonly verdict: 'disagreed'; readonly reasons: readonly string[] };

/** One cluster id, one version, one member list that has exactly those who reported. */
export function agreementOf(reports: readonly Report[]): Agreement {
  const names = reports.map(({ member }) => member).sort();
  const reasons = [
    ...differing('cluster id', reports, ({ clusterId }) => clusterId),
    ...differing('etcd version', reports, ({ etcdVersion }) => etcdVersion),
    ...reports
      .filter(({ members }) => [...members].sort().join() !== names.join())
      .map(
        ({ member, members }) => `${member} lists ${members.join(', ') || 'nobody'} where ${names.join(', ')} reported`,
      ),
  ];
  const [first] = reports;
  if (first === undefined) return { verdict: 'disagreed', reasons: ['no member reported'] };
  if (reasons.length > 0) return { verdict: 'disagreed', reasons };
  const { clusterId, etcdVersion } = first;
  // Leadership may move between two reports, so none or several may have seen themselves lead.
  const leader = reports.find(({ isLeader }) => isLeader)?.member ?? null;
  return { verdict: 'agreed', clusterId, etcdVersion, members: names, leader };
}

function differing(what: string, reports: readonly Report[], value: (report: Report) => string): string[] {
  const distinct = new Set(reports.map(value));
  if (distinct.size <= 1) return [];
  return [
    `the members report different ${what}s: ${reports.map((report) => `${report.member} ${value(report)}`).join(', ')}`,
  ];
}
