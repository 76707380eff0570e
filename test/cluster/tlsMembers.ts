/** A cluster of two real etcd that speak TLS, with the command line that an agent would give them and certificates of the product. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { peerUrl } from '#etcd/addresses.ts';
import { etcdArguments, type TlsFiles } from '#etcd/arguments.ts';
import { resolveEtcd } from '../../infra/local/binaries/resolve.ts';
import { ownAddress } from '../loopback.ts';
import type { KeyAndCertificate, TestAuthority } from '../tasks/certificates/testAuthority.ts';

const domain = 'etcd.etcd.internal';

export interface TlsMember {
  readonly instanceId: string;
  readonly address: string;
  readonly files: TlsFiles;
  /** What etcd has printed. */
  log(): string;
}

export interface TlsCluster {
  readonly members: readonly [TlsMember, TlsMember];
  stop(): Promise<void>;
}

export async function startTlsCluster(version: string, authority: TestAuthority): Promise<TlsCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-tls-'));
  const binary = await resolveEtcd(version);
  const members = await Promise.all([1, 2].map((number) => memberAt(folder, number, authority)));
  const initial = members.map(({ instanceId: name, address }) => ({ name, peerUrl: peerUrl(address, true) }));
  const children = members.map(({ instanceId: name, address, files }) => {
    const own = join(folder, name);
    const spec = { name, version, address, dataDir: join(own, 'data'), members: initial, clusterToken: 'test' };
    const output = openSync(join(own, 'log'), 'a');
    const args = etcdArguments({ ...spec, clusterState: 'new', tls: files });
    return spawn(binary, args, { cwd: own, stdio: ['ignore', output, output] });
  });
  return {
    members: members as [TlsMember, TlsMember],
    async stop() {
      await Promise.all(children.map(kill));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function memberAt(folder: string, number: number, authority: TestAuthority): Promise<TlsMember> {
  const instanceId = `i-0000000${number}`;
  const address = ownAddress(number);
  const own = join(folder, instanceId);
  mkdirSync(own);
  writeFileSync(join(own, 'ca.pem'), authority.certificate);
  const member: TlsMember = {
    instanceId,
    address,
    files: {
      server: { certificate: join(own, 'server.pem'), key: join(own, 'server-key.pem') },
      peer: { certificate: join(own, 'peer.pem'), key: join(own, 'peer-key.pem') },
      trusted: join(own, 'ca.pem'),
    },
    log: () => readFileSync(join(own, 'log'), 'utf8'),
  };
  await renew(member, authority);
  return member;
}

/** Writes new keys and certificates where etcd has its own. @returns those of the client port */
export async function renew(member: TlsMember, authority: TestAuthority): Promise<KeyAndCertificate> {
  const instance = { instanceId: member.instanceId, address: member.address, domain };
  const [server, peer] = await Promise.all([authority.issue('server', instance), authority.issue('peer', instance)]);
  for (const [{ certificate, key }, made] of [
    [member.files.server, server],
    [member.files.peer, peer],
  ] as const) {
    writeFileSync(certificate, made.certificate);
    writeFileSync(key, made.key, { mode: 0o600 });
  }
  return server;
}

export interface Client {
  /** Null: it shows none. */
  readonly shown: KeyAndCertificate | null;
  /** PEM that it trusts. */
  readonly ca: string;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

/** @throws Error where the handshake failed or nobody answered */
export function ask(url: string, { shown, ca }: Client, method = 'GET', body = '', headers = {}): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, headers, ca, agent: false, timeout: 5_000, ...(shown && { key: shown.key, cert: shown.certificate }) },
      (answer) => text(answer).then((read) => resolve({ status: answer.statusCode ?? 0, body: read }), reject),
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer within 5 s')));
    asked.once('error', reject);
    asked.end(body);
  });
}

/** A handshake by this one version. @returns the connection's certificate, null where it failed */
export function offers(
  host: string,
  port: number,
  version: SecureVersion,
  { shown, ca }: Client,
): Promise<ReturnType<TLSSocket['getPeerX509Certificate']> | null> {
  return new Promise((resolve) => {
    const versions = { minVersion: version, maxVersion: version };
    // OpenSSL itself offers the oldest protocols and their signatures at its lowest level alone.
    const ciphers = 'DEFAULT:@SECLEVEL=0';
    const identity = shown === null ? {} : { key: shown.key, cert: shown.certificate };
    const socket = connect({ host, port, ca, ciphers, ...versions, ...identity, timeout: 5_000 });
    const end = (certificate: ReturnType<TLSSocket['getPeerX509Certificate']> | null) => {
      socket.destroy();
      resolve(certificate);
    };
    socket.once('secureConnect', () => end(socket.getPeerX509Certificate()));
    socket.once('error', () => end(null));
    socket.once('timeout', () => end(null));
    socket.once('close', () => resolve(null));
  });
}
