/** How the operator's commands reach a cluster: the outputs of its stack, and where to ask for the rest. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import type { Place } from './place.ts';

/** Of a stack, by name. */
export type Outputs = Readonly<Record<string, string>>;

/**
 * Also tells the SDK's clients where to ask, through the variables that they read anyway: import what makes clients after it.
 * @throws Fault `InvalidInput` where there is no such stack or home
 */
export async function outputsOf(place: Place): Promise<Outputs> {
  if ('data' in place) return outputsOfHome(place.data);
  if (place.profile !== null) process.env.AWS_PROFILE = place.profile;
  if (place.region !== null) process.env.AWS_REGION = place.region;
  return (await import('./stack.ts')).outputsOfStack(place.stack);
}

/** @throws Error where the stack has none of that name */
export function output(outputs: Outputs, name: string): string {
  const value = outputs[name];
  if (value === undefined)
    throw new Error(`the stack has no output ${name}: it is no cluster of this appliance, or of an older one`);
  return value;
}

/** What failed, in words that help: a home that was stopped refuses connections. */
export function explained(error: Error, place: Place): Error {
  if (!('data' in place) || (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') return error;
  return new Error(`the home in ${resolve(place.data)} does not answer; is npm start still running?`);
}

/** `endpoints.json` in the data folder, as far as it is used here. */
interface HomeEndpoints {
  /** The page, with the token that changes need. */
  readonly page: string;
  readonly awsEndpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Of the stack. */
  readonly outputs: Outputs;
}

function outputsOfHome(folder: string): Outputs {
  const file = endpointsFile(folder);
  const { awsEndpoint, region, credentials, outputs } = endpointsIn(file);
  if (outputs === undefined) throw new Fault('InvalidInput', `${file} is of an older npm start; start it again`);
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN']) delete process.env[name];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
  return outputs;
}

/** Address of a home's page, with the token. @throws Fault `InvalidInput` where there is no such home */
export function pageOfHome(folder: string): URL {
  return new URL(endpointsIn(endpointsFile(folder)).page);
}

function endpointsFile(folder: string): string {
  return join(resolve(folder), 'endpoints.json');
}

function endpointsIn(file: string): HomeEndpoints {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as HomeEndpoints;
  } catch (error) {
    const help = 'name a folder where npm start keeps a cluster, or a stack on AWS with --stack';
    throw new Fault('InvalidInput', `--data: ${file} cannot be read (${(error as Error).message}); ${help}`);
  }
}
