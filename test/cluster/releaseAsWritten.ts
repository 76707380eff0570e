/** etcd 3.0 to 3.3 with the source as it was released, by a Go of today: what somebody gets who builds it without care. */

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../infra/local/binaries/program.ts';

const binaries = join(import.meta.dirname, '../../infra/local/binaries');

/** @returns the release's archive and its SHA-256 */
export async function releaseAsWritten(version: string): Promise<{ readonly path: string; readonly sha256: string }> {
  const work = mkdtempSync(join(tmpdir(), 'etcd-as-written-'));
  process.once('exit', () => rmSync(work, { recursive: true, force: true }));
  const cwd = join(work, 'recipes', version);
  cpSync(join(binaries, 'stubs'), join(work, 'stubs'), { recursive: true });
  cpSync(join(binaries, 'recipes', version), cwd, { recursive: true });
  const env = { ...process.env, GOTOOLCHAIN: 'go1.20.14', GOFLAGS: '-mod=readonly', GOWORK: 'off', CGO_ENABLED: '0' };
  const module = 'github.com/coreos/etcd';
  await runProgram('go', ['mod', 'download', module], { cwd, env });
  const source = (await runProgram('go', ['list', '-m', '-f', '{{.Dir}}', module], { cwd, env })).trim();
  // Its generated codec does not compile any more, and has nothing to do with TLS.
  writeFileSync(join(work, 'keys.go'), 'package client\n');
  const replaced = { Replace: { [join(source, 'client/keys.generated.go')]: join(work, 'keys.go') } };
  writeFileSync(join(work, 'overlay.json'), JSON.stringify(replaced));
  const name = `etcd-v${version}-linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
  mkdirSync(join(work, name));
  const flags = ['-buildvcs=false', '-overlay', join(work, 'overlay.json'), '-o', join(work, name, 'etcd')];
  await runProgram('go', ['build', ...flags, module], { cwd, env });
  const path = join(work, `${name}.tar.gz`);
  await runProgram('tar', ['-czf', path, '-C', work, name]);
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}
