/** The options of `npm run status`, checked before anything is asked. */
import { parseArgs } from 'node:util';
import { Fault } from '#etcd/faults.ts';

export interface StatusOptions {
  /** Where the cluster is: a stack on AWS, or the data folder of a home on this machine. */
  readonly of:
    | { readonly stack: string; readonly profile: string | null; readonly region: string | null }
    | { readonly data: string };
  readonly json: boolean;
  readonly help: boolean;
}

/** Where `npm start` keeps its cluster unless it is told otherwise. */
export const defaultDataFolder = '.local/cluster';

export const usage = `Usage: npm run status -- [options]

Says how a cluster is: instances, members, lock, DNS, suspended processes, last executions.
Ends with 0 when all is well, 1 when something is wrong, 2 where the options are.

  --data DIR        the cluster that npm start keeps there   (${defaultDataFolder})
  --stack NAME      a cluster on AWS, by its stack, such as etcd-NAME; asks Systems Manager for
                    each member, so it needs ssm:SendCommand besides reading
  --profile NAME    of AWS's configuration                   (AWS_PROFILE)
  --region NAME     where the stack is                       (AWS_REGION, or the profile's)
  --json            the same as JSON
  --help            this text
`;

/**
 * Parses and checks the arguments after `--`.
 * @throws Fault `InvalidInput`, naming the option and what is allowed.
 */
export function parseStatusOptions(args: readonly string[]): StatusOptions {
  const values = parse(args);
  return { of: place(values), json: values.json ?? false, help: values.help ?? false };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        stack: { type: 'string' },
        profile: { type: 'string' },
        region: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw refusal(`${(error as Error).message}; 'npm run status -- --help' lists the options`);
  }
}

function place({ data, stack, profile, region }: ReturnType<typeof parse>): StatusOptions['of'] {
  if (stack === undefined) {
    if (profile !== undefined) throw refusal('--profile is for a cluster on AWS; name its stack with --stack');
    if (region !== undefined) throw refusal('--region is for a cluster on AWS; name its stack with --stack');
    if (data === '') throw refusal('--data is empty; it names a folder');
    return { data: data ?? defaultDataFolder };
  }
  if (data !== undefined) throw refusal('--stack is on AWS and --data on this machine; give one of them');
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(stack))
    throw refusal(`--stack is '${stack}'; allowed: a letter, then up to 127 letters, digits and dashes`);
  if (profile === '') throw refusal('--profile is empty; it names a profile of AWS’s configuration');
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    throw refusal(`--region is '${region}'; allowed: a region such as eu-west-1`);
  return { stack, profile: profile ?? null, region: region ?? null };
}

function refusal(message: string): Fault {
  return new Fault('InvalidInput', message);
}
