/** The two that the contract tests compare: this home, and moto where Python is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Aws, createAws } from '../../../../agent/machine/aws.ts';
import type { Metadata } from '../../../../agent/machine/metadata.ts';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { startMoto } from '../../../moto.ts';

export interface Target {
  /** For an SDK client. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  /** Where the target is this home. */
  readonly home?: Home;
  close(): Promise<void>;
}

/** What gives an agent the target's credentials. */
export function metadataOf({ client: { credentials } }: Target): Metadata {
  return {
    identity: () => Promise.reject(new Error('nobody asks')),
    credentials: async () => ({ ...credentials, sessionToken: 'none' }),
    targetLifecycleState: async () => null,
  };
}

/** An agent's calls to the target: of an instance whose clock is an hour off when its agent starts. */
export function agentOf(target: Target): Aws {
  const { endpoint, region } = target.client;
  const real = Date.now;
  Date.now = () => real() - 3_600_000;
  const aws = createAws(metadataOf(target), region, endpoint);
  Date.now = real;
  return aws;
}

export const targets: readonly [name: string, open: () => Promise<Target>][] = [
  ['this home', openOwn],
  ['moto', openMoto],
];

async function openOwn(): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-contract-'));
  const home = await openHome({ folder });
  return {
    home,
    client: { endpoint: home.endpoint, region: home.context.region, credentials: home.credentials, maxAttempts: 1 },
    async close() {
      await home.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openMoto(): Promise<Target> {
  const moto = await startMoto();
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' };
  return {
    client: { endpoint: moto.endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 },
    close: async () => moto.stop(),
  };
}

/** The name of the error that a call ends with; fails where it succeeds. */
export async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as Error).name;
  }
  throw new Error('the call succeeded');
}
