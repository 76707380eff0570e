/** etcdctl, as an operator or a client uses it with a certificate. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientUrl } from '#etcd/addresses.ts';
import type { TlsIdentity } from '../../agent/machine/http.ts';
import { resolveEtcdctl } from '../../infra/local/binaries/resolve.ts';

const run = promisify(execFile);

/** @returns what it prints @throws Error with what it says where it fails */
export type Etcdctl = (...args: readonly string[]) => Promise<string>;

/** Of version 3.5.35, at this member, as whoever has this certificate. */
export async function etcdctlAs(address: string, { certificate, key, authorities }: TlsIdentity): Promise<Etcdctl> {
  const program = await resolveEtcdctl('3.5.35');
  return async (...args) => {
    const folder = mkdtempSync(join(tmpdir(), 'etcdctl-'));
    try {
      const files = { cert: certificate, key, cacert: authorities };
      const flags = Object.entries(files).map(([name, pem]) => {
        writeFileSync(join(folder, name), pem, { mode: 0o600 });
        return `--${name}=${join(folder, name)}`;
      });
      const { stdout } = await run(program, [`--endpoints=${clientUrl(address, true)}`, ...flags, ...args]);
      return stdout;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}
