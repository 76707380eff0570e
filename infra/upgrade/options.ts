/** The options of `npm run upgrade`, checked before anything is asked: as RollingUpgrade itself would check them. */
import { parseArgs } from 'node:util';
import { Fault } from '#etcd/faults.ts';
import { minors } from '#etcd/versions.ts';
import { exampleUpgrade, upgradeRefusal } from '../../tasks/plan/upgradeRequest.ts';
import { type Place, placeOf, placeOptions, placeUsage } from '../operator/place.ts';

export interface UpgradeOptions {
  readonly of: Place;
  readonly wants: Wants;
  readonly json: boolean;
}

export type Wants =
  | { readonly what: 'help' }
  /** `request`: RollingUpgrade's input. */
  | { readonly what: 'start'; readonly request: UpgradeRequest }
  /** `execution`: ARN or name. */
  | { readonly what: 'watch'; readonly execution: string };

/** Fields that were not given are left to RollingUpgrade. */
export type UpgradeRequest = Readonly<Partial<Record<keyof typeof optionOf, unknown>>>;

export const usage = `Usage: npm run upgrade -- --to X.Y.Z [options]

Takes a cluster to another etcd, ${minors[0]} to ${minors.at(-1)}, one minor at a time, one member at a time: starts RollingUpgrade and
shows how it goes. Ctrl-C stops watching, not the upgrade.
Ends with 0 when it succeeded, 1 when it failed or was refused, 2 where the options are bad.

  --to X.Y.Z        the etcd to go to, such as ${exampleUpgrade.to}
  --dry-run         the plan and whether it could be carried out now; changes nothing
  --strategy inPlace|replace
                    the binary on the same instance, or a new instance for each   (inPlace)
  --pause-between-members SECONDS
                    after each member                        (0)
  --pause-between-hops
                    stops after each hop but the last and keeps the lock, until --resume
  --v2-keys keep|delete
                    before 3.6: refuse while there are keys of the v2 API, or delete them   (keep)

A halted or paused upgrade keeps the lock until one of these:
  --resume          goes on where it was
  --roll-back       takes the hop under way back, while the cluster version has not changed
  --abandon         leaves the members as they are and frees the lock

  --watch EXECUTION shows one that was started before, by its name or ARN
  --json            the report as JSON; progress goes to the standard error
${placeUsage}
  --help            this text
`;

/** The option that stands for a field of RollingUpgrade's input. */
const optionOf = {
  to: '--to',
  action: '--resume, --roll-back or --abandon',
  strategy: '--strategy',
  dryRun: '--dry-run',
  pauseBetweenMembersSeconds: '--pause-between-members',
  pauseBetweenHops: '--pause-between-hops',
  v2Keys: '--v2-keys',
} as const;

/**
 * Parses and checks the arguments after `--`.
 * @throws Fault `InvalidInput`, naming the option and what is allowed
 */
export function parseUpgradeOptions(args: readonly string[]): UpgradeOptions {
  const values = parse(args);
  return { of: placeOf(values), wants: wantsOf(values), json: values.json ?? false };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...placeOptions,
        to: { type: 'string' },
        strategy: { type: 'string' },
        'dry-run': { type: 'boolean' },
        'pause-between-members': { type: 'string' },
        'pause-between-hops': { type: 'boolean' },
        'v2-keys': { type: 'string' },
        resume: { type: 'boolean' },
        'roll-back': { type: 'boolean' },
        abandon: { type: 'boolean' },
        watch: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw refusal(`${(error as Error).message}; 'npm run upgrade -- --help' lists the options`);
  }
}

type Values = ReturnType<typeof parse>;

function wantsOf(values: Values): Wants {
  if (values.help) return { what: 'help' };
  const request = requestOf(values);
  if (values.watch !== undefined) return { what: 'watch', execution: watched(values.watch, request) };
  const wrong = upgradeRefusal(request);
  if (wrong === null) return { what: 'start', request };
  const option = optionOf[wrong.field as keyof typeof optionOf] ?? wrong.field;
  throw refusal(`${option} ${wrong.message}`);
}

function requestOf(values: Values): UpgradeRequest {
  const actions = (['resume', 'roll-back', 'abandon'] as const).filter((action) => values[action]);
  if (actions.length > 1) throw refusal(`${actions.map((action) => `--${action}`).join(' and ')}: give one of them`);
  const [action] = actions;
  const seconds = values['pause-between-members'];
  const request = {
    to: values.to,
    action: action === 'roll-back' ? 'rollBack' : action,
    strategy: values.strategy,
    dryRun: values['dry-run'],
    // Anything but digits goes on as it is, to be refused with what is allowed.
    pauseBetweenMembersSeconds: seconds !== undefined && /^\d+$/.test(seconds) ? Number(seconds) : seconds,
    pauseBetweenHops: values['pause-between-hops'],
    v2Keys: values['v2-keys'],
  };
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

function watched(execution: string, request: UpgradeRequest): string {
  const [other] = Object.keys(request) as (keyof typeof optionOf)[];
  if (other !== undefined) throw refusal(`--watch only follows an execution: ${optionOf[other]} does not go with it`);
  const isArn = /^arn:[^:\s]+:states:[^:\s]+:\d{12}:execution:[^:\s]+:[^:\s]+$/.test(execution);
  if (isArn || /^[^\s:/]{1,80}$/.test(execution)) return execution;
  throw refusal(`--watch is '${execution}'; allowed: the name of an execution of RollingUpgrade, or its ARN`);
}

function refusal(message: string): Fault {
  return new Fault('InvalidInput', message);
}
