/** The options of `npm start`, checked before anything is touched. */
import { parseArgs } from 'node:util';
import { Fault } from '#etcd/faults.ts';
import { isSupported, minors, parseVersion } from '#etcd/versions.ts';
import { layoutRefusal } from '../../../tasks/plan/regionLayout.ts';
import { defaultDataFolder } from '../../operator/place.ts';

/** What the command line said; what it left out is decided by the data folder (a cluster that is there) or by the defaults. */
export interface StartOptions {
  readonly members?: number;
  /** Members in the second region; `members` are then those at home. */
  readonly remoteMembers?: number;
  /** X.Y.Z */
  readonly etcd?: string;
  readonly regions?: number;
  /** Between two regions, milliseconds. */
  readonly roundTripMs?: number;
  /** Absent: as the setting's default, or as the cluster that is there. */
  readonly tls?: boolean;
  /** `certificateAuthorityGeneration`; absent: 1, or as the cluster that is there. */
  readonly authorityGeneration?: number;
  /** Port of the page on 127.0.0.1. */
  readonly port?: number;
  /** Data folder as typed. */
  readonly data: string;
  readonly fresh: boolean;
  readonly help: boolean;
}

export const usage = `Usage: npm start -- [options]

Brings up an etcd cluster on this machine: the synthesized app, a local AWS, real etcd processes.

  --members 1|3|5|7   members of the cluster                     (3)
            3+2       with --regions 2: at home, which has to have more than half, and in the second region; +0 for none there yet
  --etcd X.Y.Z        etcd version, ${minors[0]} to ${minors.at(-1)}; see 'npm run etcd -- --list'  (3.5.35)
  --no-tls            plain HTTP; without it members ask everybody for a certificate of the cluster
  --authority-generation N
                      key of the certificate authority; raised by one, RotateCertificateAuthority can go over to it  (1)
  --regions 1|2       regions of the cluster; two have a delay between them  (1)
  --rtt-ms MS         how long it takes from one region to the other and back, 0 to 1000  (25); npm run links changes it later
  --port PORT         port of the page on 127.0.0.1              (8080, or a free one)
  --data DIR          data folder; one cluster each              (${defaultDataFolder})
  --fresh             delete the cluster in the data folder and start over
  --help              this text

Ctrl-C stops everything and leaves the data; the next start resumes the same cluster.
`;

/**
 * Parses and checks the arguments after `--`.
 * @throws Fault `InvalidInput`, naming the option and what is allowed.
 */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const values = parse(args);
  return {
    ...membersAndRegions(values),
    ...(values.etcd !== undefined && { etcd: etcdVersion(values.etcd) }),
    ...tls(values),
    ...(values['authority-generation'] !== undefined && {
      authorityGeneration: generation(values['authority-generation']),
    }),
    ...(values.port !== undefined && { port: portNumber(values.port) }),
    data: dataFolder(values.data),
    fresh: values.fresh ?? false,
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        members: { type: 'string' },
        etcd: { type: 'string' },
        regions: { type: 'string' },
        'rtt-ms': { type: 'string' },
        tls: { type: 'boolean' },
        'no-tls': { type: 'boolean' },
        'authority-generation': { type: 'string' },
        port: { type: 'string' },
        data: { type: 'string' },
        fresh: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new Fault('InvalidInput', `${(error as Error).message}; 'npm start -- --help' lists the options`);
  }
}

type Placed = Pick<StartOptions, 'members' | 'remoteMembers' | 'regions' | 'roundTripMs'>;

function membersAndRegions(values: {
  readonly members?: string;
  readonly regions?: string;
  readonly 'rtt-ms'?: string;
}): Placed {
  const { members, regions: given, 'rtt-ms': rtt } = values;
  const regions = given === undefined ? undefined : oneOf('--regions', given, [1, 2]);
  const [, home, remote] = /^(\d)\+(\d)$/.exec(members ?? '') ?? [];
  if (home === undefined) {
    if (rtt !== undefined && regions !== 2) throw new Fault('InvalidInput', '--rtt-ms goes with --regions 2');
    if (members !== undefined && regions === 2)
      throw new Fault('InvalidInput', `--members is '${members}'; allowed with --regions 2: such as 3+2, 4+1 or 5+0`);
    return {
      ...(members !== undefined && { members: oneOf('--members', members, [1, 3, 5, 7]) }),
      ...(regions !== undefined && { regions }),
      ...(rtt !== undefined && { roundTripMs: roundTrip(rtt) }),
    };
  }
  if (regions === 1) throw new Fault('InvalidInput', `--members is '${members}', which goes with --regions 2`);
  const layout = { home: Number(home), remote: Number(remote) };
  const against = layout.home === 0 ? 'has nobody at home' : layoutRefusal(layout);
  if (against !== null) throw new Fault('InvalidInput', `--members is '${members}', which ${against}`);
  return {
    members: layout.home,
    remoteMembers: layout.remote,
    regions: 2,
    ...(rtt !== undefined && { roundTripMs: roundTrip(rtt) }),
  };
}

function roundTrip(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= 1_000) return Number(text);
  throw new Fault('InvalidInput', `--rtt-ms is '${text}'; allowed: a whole number from 0 to 1000`);
}

function oneOf(option: string, text: string, allowed: readonly number[]): number {
  const value = allowed.find((number) => String(number) === text);
  if (value === undefined) throw new Fault('InvalidInput', `${option} is '${text}'; allowed: ${allowed.join(', ')}`);
  return value;
}

function tls(values: { readonly tls?: boolean; readonly 'no-tls'?: boolean }): { readonly tls?: boolean } {
  if (values.tls && values['no-tls']) throw new Fault('InvalidInput', '--tls and --no-tls: give one of them');
  if (values['no-tls']) return { tls: false };
  return values.tls ? { tls: true } : {};
}

function etcdVersion(text: string): string {
  if (parseVersion(text) !== null && isSupported(text)) return text;
  const range = `X.Y.Z from ${minors[0]} to ${minors.at(-1)}, such as 3.5.35`;
  throw new Fault('InvalidInput', `--etcd is '${text}'; allowed: ${range}`);
}

function generation(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1_000) return Number(text);
  throw new Fault('InvalidInput', `--authority-generation is '${text}'; allowed: a whole number from 1 to 1000`);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Fault('InvalidInput', `--port is '${text}'; allowed: 1 to 65535`);
}

function dataFolder(text: string | undefined): string {
  if (text === '') throw new Fault('InvalidInput', '--data is empty; it names a folder');
  return text ?? defaultDataFolder;
}
