import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeDurably } from '../../../../agent/machine/files.ts';
import { keptIdentity, operatorFiles } from '../../../../infra/local/start/operator.ts';
import { createTestAuthority, type KeyAndCertificate } from '../../../tasks/certificates/testAuthority.ts';

const day = 86_400_000;
const authority = await createTestAuthority();
const nowMs = Date.now();
/** For seven days. */
const issued = await authority.issue('client', { instanceId: 'i-1', address: '127.0.0.1', domain: 'a.b' }, nowMs);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'operator-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function keep({ key, certificate }: KeyAndCertificate): void {
  const files = operatorFiles(folder);
  writeDurably(files.key, key);
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.authorities, authority.certificate);
}

test('a certificate is kept until half of its life', () => {
  keep(issued);
  expect(statSync(operatorFiles(folder).key).mode & 0o777).toBe(0o600);
  expect(keptIdentity(folder, nowMs + 3 * day)).toEqual({ ...issued, authorities: authority.certificate });
  expect(keptIdentity(folder, nowMs + 4 * day)).toBeNull();
});

test.each(['key', 'certificate', 'authorities'] as const)('without its %s there is none', (missing) => {
  keep(issued);
  rmSync(operatorFiles(folder)[missing]);
  expect(keptIdentity(folder, nowMs)).toBeNull();
});

test('a certificate of another key is none', async () => {
  const other = await authority.issue('client', { instanceId: 'i-1', address: '127.0.0.1', domain: 'a.b' }, nowMs);
  keep({ key: other.key, certificate: issued.certificate });
  expect(keptIdentity(folder, nowMs)).toBeNull();
});
