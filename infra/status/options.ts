/** The options of `npm run status`, checked before anything is asked. */
import { parseArgs } from 'node:util';
import { Fault } from '#etcd/faults.ts';
import { type Place, placeOf, placeOptions, placeUsage } from '../operator/place.ts';

export interface StatusOptions {
  readonly of: Place;
  readonly json: boolean;
  readonly help: boolean;
}

export const usage = `Usage: npm run status -- [options]

Says how a cluster is: instances, members, lock, DNS, suspended processes, last executions. On AWS it asks each member
through Systems Manager, so it needs ssm:SendCommand besides reading.
Ends with 0 when all is well, 1 when something is wrong, 2 where the options are.

${placeUsage}
  --json            the same as JSON
  --help            this text
`;

/**
 * Parses and checks the arguments after `--`.
 * @throws Fault `InvalidInput`, naming the option and what is allowed.
 */
export function parseStatusOptions(args: readonly string[]): StatusOptions {
  const values = parse(args);
  return { of: placeOf(values), json: values.json ?? false, help: values.help ?? false };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...placeOptions, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (error) {
    throw new Fault('InvalidInput', `${(error as Error).message}; 'npm run status -- --help' lists the options`);
  }
}
