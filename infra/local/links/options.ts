/** The options of `npm run links`, checked before anything is asked; places are checked by the home, which knows them. */
import { parseArgs } from 'node:util';
import { Fault } from '#etcd/faults.ts';
import { defaultDataFolder } from '../../operator/place.ts';
import { type LinkChange, longestMs } from './rules.ts';

export interface LinksOptions {
  /** Data folder as typed. */
  readonly data: string;
  /** In their order. */
  readonly changes: readonly LinkChange[];
  /** Every cut ends. */
  readonly healAll: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

export const usage = `Usage: npm run links -- [options]

Shows the links between the regions of a cluster that runs on this machine, and sets them: how long bytes take, and whether they get through. What
is set is in effect at once, also for connections that there are, and stays until it is set again.

  --data DIR        the cluster that npm start keeps there   (${defaultDataFolder})
  --from PLACE      a region; for a cut also a zone or the id of an instance
  --to PLACE        the same; the way back is another link
  --both            the way back, too
  --rtt-ms N        half of it each way, as with --both
  --delay-ms N      one way, 0 to ${longestMs}
  --jitter-ms N     up to as much more, each as likely as the other
  --cut             nothing gets through
  --heal            ends the cut; without --from and --to, every cut
  --json            the links as JSON
  --help            this text
`;

/** @throws Fault `InvalidInput`, naming the option and what is allowed */
export function parseLinksOptions(args: readonly string[]): LinksOptions {
  const values = parse(args);
  const { data = defaultDataFolder, from, to, json = false, help = false } = values;
  if (data === '') throw refusal('--data is empty; it names a folder');
  const shown = { data, json, help, changes: [], healAll: false };
  if (help) return shown;
  const pace = paceOf(values);
  if (from === undefined && to === undefined) {
    if (pace === null && !values.both) return shown;
    if (values.heal && Object.keys(pace ?? {}).length === 1 && !values.both) return { ...shown, healAll: true };
    throw refusal('--from and --to are missing; they name the link that is to be set');
  }
  if (from === undefined) throw refusal('--from is missing; where what is to be set comes from');
  if (to === undefined) throw refusal('--to is missing; where what is to be set goes to');
  if (pace === null)
    throw refusal('--from and --to alone set nothing; add --rtt-ms, --delay-ms, --jitter-ms, --cut or --heal');
  const there = { from, to, ...pace };
  const isBoth = values.both || values['rtt-ms'] !== undefined;
  return { ...shown, changes: isBoth ? [there, { ...there, from: to, to: from }] : [there] };
}

type Values = ReturnType<typeof parse>;

/** Null where nothing is to be set. */
function paceOf(values: Values): Omit<LinkChange, 'from' | 'to'> | null {
  const { 'rtt-ms': rtt, 'delay-ms': delay, 'jitter-ms': jitter, cut = false, heal = false } = values;
  if (rtt !== undefined && delay !== undefined) throw refusal('--rtt-ms and --delay-ms: give one of them');
  if (cut && heal) throw refusal('--cut and --heal: give one of them');
  const pace = {
    ...(rtt !== undefined && { delayMs: milliseconds('--rtt-ms', rtt, 2 * longestMs) / 2 }),
    ...(delay !== undefined && { delayMs: milliseconds('--delay-ms', delay, longestMs) }),
    ...(jitter !== undefined && { jitterMs: milliseconds('--jitter-ms', jitter, longestMs) }),
    ...((cut || heal) && { cut }),
  };
  return Object.keys(pace).length === 0 ? null : pace;
}

function milliseconds(option: string, text: string, most: number): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= most) return Number(text);
  throw refusal(`${option} is '${text}'; allowed: 0 to ${most} milliseconds`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        both: { type: 'boolean' },
        'rtt-ms': { type: 'string' },
        'delay-ms': { type: 'string' },
        'jitter-ms': { type: 'string' },
        cut: { type: 'boolean' },
        heal: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw refusal(`${(error as Error).message}; 'npm run links -- --help' lists the options`);
  }
}

function refusal(message: string): Fault {
  return new Fault('InvalidInput', message);
}
