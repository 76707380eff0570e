/** `npm run status`: how a cluster is, on AWS or on this machine, and whether anything is wrong with it. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import type { Outputs } from './aws.ts';
import { parseStatusOptions, type StatusOptions, usage } from './options.ts';
import { problemsOf } from './problems.ts';
import { statusText } from './text.ts';

async function main(): Promise<number> {
  const { of, json, help } = parseStatusOptions(process.argv.slice(2));
  if (help) return print(usage, 0);
  const outputs = await outputsOf(of);
  // The SDK's clients are made on import: region and credentials must be known by then.
  const { readStatus } = await import('./read.ts');
  const facts = await readStatus(outputs).catch((error: NodeJS.ErrnoException) => {
    if (!('data' in of) || error.code !== 'ECONNREFUSED') throw error;
    throw new Error(`the home in ${resolve(of.data)} does not answer; is npm start still running?`);
  });
  const problems = problemsOf(facts);
  const text = json
    ? `${JSON.stringify({ ok: problems.length === 0, problems, ...facts }, null, 2)}\n`
    : statusText(facts, problems);
  return print(text, problems.length === 0 ? 0 : 1);
}

/** Also tells the SDK's clients where to ask, through the variables that they read anyway. */
async function outputsOf(of: StatusOptions['of']): Promise<Outputs> {
  if ('data' in of) return outputsOfHome(of.data);
  if (of.profile !== null) process.env.AWS_PROFILE = of.profile;
  if (of.region !== null) process.env.AWS_REGION = of.region;
  return (await import('./aws.ts')).outputsOfStack(of.stack);
}

/** `endpoints.json` in the data folder, as far as it is used here. */
interface HomeEndpoints {
  readonly awsEndpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Of the stack. */
  readonly outputs: Outputs;
}

function outputsOfHome(folder: string): Outputs {
  const file = join(resolve(folder), 'endpoints.json');
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

function endpointsIn(file: string): HomeEndpoints {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as HomeEndpoints;
  } catch (error) {
    const help = 'name a folder where npm start keeps a cluster, or a stack on AWS with --stack';
    throw new Fault('InvalidInput', `--data: ${file} cannot be read (${(error as Error).message}); ${help}`);
  }
}

function print(text: string, exitCode: number): number {
  process.stdout.write(text);
  return exitCode;
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof Fault && error.name === 'InvalidInput' ? 2 : 1;
  },
);
