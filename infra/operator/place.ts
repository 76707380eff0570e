/** Which cluster a command is about: the options that the operator's commands have in common. */
import type { ParseArgsOptionsConfig } from 'node:util';
import { Fault } from '#etcd/faults.ts';

/** A stack on AWS, or the data folder of a home on this machine. */
export type Place =
  | { readonly stack: string; readonly profile: string | null; readonly region: string | null }
  | { readonly data: string };

/** Where `npm start` keeps its cluster unless it is told otherwise. */
export const defaultDataFolder = '.local/cluster';

/** For `parseArgs`. */
export const placeOptions = {
  data: { type: 'string' },
  stack: { type: 'string' },
  profile: { type: 'string' },
  region: { type: 'string' },
} as const satisfies ParseArgsOptionsConfig;

/** The part of a command's usage that tells of them. */
export const placeUsage = `\
  --data DIR        the cluster that npm start keeps there   (${defaultDataFolder})
  --stack NAME      a cluster on AWS, by its stack, such as etcd-NAME
  --profile NAME    of AWS's configuration                   (AWS_PROFILE)
  --region NAME     where the stack is                       (AWS_REGION, or the profile's)`;

type Values = { readonly [Option in keyof typeof placeOptions]?: string | undefined };

/** @throws Fault `InvalidInput`, naming the option and what is allowed */
export function placeOf({ data, stack, profile, region }: Values): Place {
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

/** As it is typed; empty for the default. */
export function placeArguments(place: Place): readonly string[] {
  if ('data' in place) return place.data === defaultDataFolder ? [] : ['--data', place.data];
  const { stack, profile, region } = place;
  return ['--stack', stack, ...(profile ? ['--profile', profile] : []), ...(region ? ['--region', region] : [])];
}

function refusal(message: string): Fault {
  return new Fault('InvalidInput', message);
}
