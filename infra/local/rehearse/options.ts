/** The options of `npm run rehearse`, checked before anything is touched. */
import { parseArgs } from 'node:util';
import { Fault } from '#etcd/faults.ts';
import { compareVersions, isSupported, minors } from '#etcd/versions.ts';
import { refuseWithoutTls } from '../start/savedSettings.ts';

export interface RehearseOptions {
  /** X.Y.Z */
  readonly from: string;
  readonly to: string;
  readonly members: number;
  /** Milliseconds between two writes. */
  readonly everyMs: number;
  readonly strategy: 'inPlace' | 'replace';
  /** Whether the cluster is created with TLS. */
  readonly tls: boolean;
  /** File as typed; null: one below .local/rehearsals. */
  readonly report: string | null;
  /** Whether the home's folder stays. */
  readonly keep: boolean;
  /** Whether the predecessor's procedure is emulated afterwards. */
  readonly compare: boolean;
}

export const usage = `Usage: npm run rehearse -- --from X.Y.Z --to X.Y.Z [options]

A whole upgrade on this machine: opens a home of its own, creates a cluster, runs RollingUpgrade under load with real etcd
and writes a report to be opened in a browser.
Ends with 0 when the cluster was upgraded and nothing that was acknowledged was lost, 1 when not, 2 where the options are bad.

  --from X.Y.Z           what the cluster is created with, ${minors[0]} to ${minors.at(-1)}
  --to X.Y.Z             what it goes to, a later release
  --members 1|3|5|7      members of the cluster                          (3)
  --every MS             between two writes, 1 to 1000                   (10)
  --strategy inPlace|replace
                         the binary on the same instance, or a new instance for each   (inPlace)
  --no-tls               plain HTTP, where the cluster that this is a rehearsal for speaks that
  --report FILE          where the report goes                           (a new file in .local/rehearsals)
  --no-comparison        leaves out the predecessor's procedure, which is emulated afterwards, minor by minor
  --keep                 keeps the cluster; npm start -- --data brings it up again
  --help                 this text

Up to 3.3 the load writes through the v2 API, from 3.4 on through v3; the keys of the v2 API are deleted on the way to 3.6.
`;

/**
 * Parses and checks the arguments after `--`; null where help was asked for.
 * @throws Fault `InvalidInput`, naming the option and what is allowed
 */
export function parseRehearseOptions(args: readonly string[]): RehearseOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const from = version('--from', values.from);
  const to = version('--to', values.to);
  if (compareVersions(from, to) >= 0) throw refusal(`--to is '${to}'; allowed: a release later than --from, ${from}`);
  const tls = values['no-tls'] !== true;
  if (tls) refuseWithoutTls('--from', from);
  return {
    from,
    to,
    members: Number(oneOf('--members', values.members ?? '3', ['1', '3', '5', '7'])),
    everyMs: milliseconds(values.every ?? '10'),
    strategy: oneOf('--strategy', values.strategy ?? 'inPlace', ['inPlace', 'replace']),
    tls,
    report: file(values.report),
    keep: values.keep ?? false,
    compare: !(values['no-comparison'] ?? false),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        members: { type: 'string' },
        every: { type: 'string' },
        strategy: { type: 'string' },
        'no-tls': { type: 'boolean' },
        report: { type: 'string' },
        'no-comparison': { type: 'boolean' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw refusal(`${(error as Error).message}; 'npm run rehearse -- --help' lists the options`);
  }
}

function version(option: string, text: string | undefined): string {
  const allowed = `X.Y.Z of a minor from ${minors[0]} to ${minors.at(-1)}, such as 3.5.35`;
  if (text === undefined) throw refusal(`${option} is missing; allowed: ${allowed}`);
  if (!isSupported(text)) throw refusal(`${option} is '${text}'; allowed: ${allowed}`);
  return text;
}

function oneOf<Allowed extends string>(option: string, text: string, allowed: readonly Allowed[]): Allowed {
  const value = allowed.find((one) => one === text);
  if (value === undefined) throw refusal(`${option} is '${text}'; allowed: ${allowed.join(', ')}`);
  return value;
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 1_000) return value;
  throw refusal(`--every is '${text}'; allowed: 1 to 1000, in milliseconds`);
}

function file(text: string | undefined): string | null {
  if (text === '') throw refusal('--report is empty; it names a file');
  return text ?? null;
}

function refusal(message: string): Fault {
  return new Fault('InvalidInput', message);
}
