/** What `npm audit --json` says, in a few lines. Pure. */

export interface Finding {
  /** The package that has the fault. */
  readonly name: string;
  readonly severity: string;
  readonly title: string;
  readonly url: string;
  /** Versions that have it. */
  readonly range: string;
}

interface Advisory extends Finding {
  readonly source: number;
}

/** `via` holds advisories, or names of the packages through which one has somebody else's. */
interface Vulnerability {
  readonly via?: readonly (string | Advisory)[];
}

/** @returns what is known, by package; `unanswered` with what was said instead where there is no report */
export function findingsOf(json: string): readonly Finding[] | { readonly unanswered: string } {
  const report = parsed(json);
  if (typeof report?.vulnerabilities !== 'object' || report.vulnerabilities === null) {
    return { unanswered: typeof report?.message === 'string' ? report.message : '' };
  }
  const all = Object.values(report.vulnerabilities as Record<string, Vulnerability>).flatMap(({ via = [] }) => via);
  const advisories = all.filter((one): one is Advisory => typeof one === 'object');
  const once = new Map(advisories.map((one) => [one.source, one]));
  return [...once.values()]
    .map(({ name, severity, title, url, range }) => ({ name, severity, title, url, range }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param shipped names of the packages that are deployed */
export function reportOf(findings: readonly Finding[], shipped: ReadonlySet<string>): string {
  if (findings.length === 0) return 'Nothing is known against the packages of package-lock.json.\n';
  const lines = findings.map(({ name, severity, title, url, range }) => {
    const where = shipped.has(name) ? 'deployed' : 'development only';
    return `${severity}: ${name} ${range} (${where}): ${title} ${url}`;
  });
  return `${lines.join('\n')}\n`;
}

function parsed(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
