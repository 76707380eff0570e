/** The two that the contract tests compare: this home, and moto where Python is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
