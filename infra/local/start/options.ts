/** The options of `npm start`, checked before anything is touched. */
import { parseArgs } from 'node:util';
import { Fault } from '#etcd/faults.ts';
import { isSupported, minors, parseVersion } from '#etcd/versions.ts';
import { defaultDataFolder } from '../../operator/place.ts';

/** What the command line said; what it left out is decided by the data folder (a cluster that is there) or by the defaults. */
export interface StartOptions {
  readonly members?: number;
  /** X.Y.Z */
  readonly etcd?: string;
  readonly regions?: number;
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
  --etcd X.Y.Z        etcd version, ${minors[0]} to ${minors.at(-1)}; see 'npm run etcd -- --list'  (3.5.35)
  --regions 1         regions of the cluster                     (1)
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
    ...(values.members !== undefined && { members: oneOf('--members', values.members, [1, 3, 5, 7]) }),
    ...(values.etcd !== undefined && { etcd: etcdVersion(values.etcd) }),
    ...(values.regions !== undefined && { regions: oneOf('--regions', values.regions, [1]) }),
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

function oneOf(option: string, text: string, allowed: readonly number[]): number {
  const value = allowed.find((number) => String(number) === text);
  if (value === undefined) throw new Fault('InvalidInput', `${option} is '${text}'; allowed: ${allowed.join(', ')}`);
  return value;
}

function etcdVersion(text: string): string {
  if (parseVersion(text) !== null && isSupported(text)) return text;
  const range = `X.Y.Z from ${minors[0]} to ${minors.at(-1)}, such as 3.5.35`;
  throw new Fault('InvalidInput', `--etcd is '${text}'; allowed: ${range}`);
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
