/** How etcd is reached and kept reachable: by TLS where its members were started so, by either while a cluster goes over. */
import { join } from 'node:path';
import { type TlsFiles, transportOf } from '#etcd/arguments.ts';
import type { BootstrapRecord } from '#etcd/record.ts';
import {
  type CertificateFiles,
  type ClusterTransport,
  certificatesFit,
  clusterTransport,
  newcomerTransport,
  readAtStart,
  type Transport as Serving,
  securePort,
  type WantedCertificates,
} from '#etcd/transport.ts';
import { handshakeWith } from '../machine/etcdHandshake.ts';
import { presentToEtcd } from '../machine/etcdHttp.ts';
import { readJson, writeDurably } from '../machine/files.ts';
import type { Log } from '../machine/log.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { Certificates } from './certificates.ts';
import type { Disk } from './disk.ts';

export interface Transport {
  /** Paths that etcd is started with. */
  readonly files: TlsFiles;
  /** Certificates are there, and the agent shows its own from now on. @throws Error where there are none */
  secure(): Promise<TlsFiles>;
  /** As secure, with new certificates where the signer answers. */
  secureAnew(): Promise<TlsFiles>;
  /** As secure, with certificates that fit; new ones are asked for where those on disk do not. @throws Error where none fit */
  obtain(wanted: WantedCertificates): Promise<void>;
  /** How this member is served; one that is none yet: as the cluster was last. */
  own(): Serving;
  /** How etcd is spoken to, by what is known now: called where that changes. */
  present(): void;
  /** When the first certificate ends; null without TLS. */
  state(): { readonly endsAt: string } | null;
  /** Renews what is due. */
  renew(): Promise<void>;
  /** Reads where the cluster is going. What was known last stays where the record does not answer. */
  refresh(): Promise<void>;
  /** How newcomers are to serve. @throws Error where the record does not answer */
  ofNewcomers(): Promise<Serving>;
  /** How clients are to find the members: as it was known last. */
  ofClients(): Serving;
  /** Called before each start of etcd: what it reads now and never again. */
  noteStart(version: string): void;
  /** What the etcd that runs was started with; null: in the clear, or nobody knows. */
  startedWith(): CertificateFiles | null;
  /** What is there for its next start; null where something is missing. */
  onDisk(): CertificateFiles | null;
  /** `readAtStart` of what etcd was started with, and of what is on disk; empty where there is nothing. */
  read(version: string): { readonly started: string; readonly onDisk: string };
  /** Whether etcd runs with certificates that it reads at its start, and that are others now. */
  isStale(): boolean;
  /** Whether etcd shows the certificate on disk on the port that it speaks TLS on. */
  isShown(): Promise<boolean>;
}

export interface TransportOptions {
  readonly certificates: Certificates;
  readonly disk: Pick<Disk, 'member'>;
  readonly record: Pick<ClusterRecord, 'readTransport' | 'readBootstrap'>;
  readonly address: string;
  /** Folder of the agent's own state. */
  readonly state: string;
  readonly log: Log;
}

const connectTimeoutMs = 2_000;

export function createTransport({ certificates, disk, record, address, state, log }: TransportOptions): Transport {
  const noteFile = join(state, 'started-with-certificates.json');
  let cluster: ClusterTransport | null = null;
  let born: BootstrapRecord | null = null;

  const own = (): Serving | null => {
    const spec = disk.member();
    return spec === null ? null : transportOf(spec);
  };

  /** Nobody is spoken to in the clear by a member that serves TLS alone, unless the cluster is on its way. */
  function present(): void {
    const settled = cluster?.settled ?? 'plain';
    const serves = own() ?? settled;
    const anyTls = serves !== 'plain' || settled !== 'plain' || cluster?.moving === true;
    const strict = serves === 'tls' && (cluster === null || (settled === 'tls' && !cluster.moving));
    if (!anyTls || certificates.onDisk() === null) presentToEtcd(null);
    else presentToEtcd(certificates.identity(), !strict);
  }

  async function secure(): Promise<TlsFiles> {
    await certificates.ensure();
    present();
    return certificates.files;
  }

  async function look(): Promise<ClusterTransport> {
    const item = await record.readTransport();
    // Written once: it is not read every few seconds.
    if (item === null) born ??= await record.readBootstrap();
    cluster = clusterTransport(born, item);
    return cluster;
  }

  const startedWith = () => (own() === 'plain' ? null : readJson<CertificateFiles>(noteFile));

  function read(version: string): { readonly started: string; readonly onDisk: string } {
    const [started, onDisk] = [startedWith(), certificates.onDisk()];
    return {
      started: started === null ? '' : readAtStart(version, started),
      onDisk: onDisk === null ? '' : readAtStart(version, onDisk),
    };
  }

  return {
    files: certificates.files,
    secure,
    async secureAnew() {
      if (!(await certificates.ensure()))
        await certificates.renew().catch((error: Error) => {
          log('certificates not asked for anew', { error: error.message }, 'warn');
        });
      present();
      return certificates.files;
    },
    own: () => own() ?? cluster?.settled ?? 'plain',
    present,
    async obtain(wanted) {
      await certificates.ensure();
      const fits = () => {
        const there = certificates.onDisk();
        return there !== null && certificatesFit(there, wanted);
      };
      if (!fits()) await certificates.renew();
      present();
      if (!fits()) throw new Error('the certificate signer gave certificates of another authority than was asked for');
    },
    state() {
      const endsAtMs = disk.member()?.tls === undefined ? null : certificates.endsAtMs();
      return endsAtMs === null ? null : { endsAt: new Date(endsAtMs).toISOString() };
    },
    async renew() {
      if (disk.member()?.tls === undefined) return;
      if (await certificates.ensure()) present();
    },
    async refresh() {
      const before = JSON.stringify(cluster);
      const now = await look();
      if (JSON.stringify(now) === before) return;
      log('how the cluster is served', { ...now });
      present();
    },
    ofNewcomers: async () => newcomerTransport(await look()),
    ofClients: () => cluster?.settled ?? own() ?? 'plain',
    noteStart(version) {
      const onDisk = own() === 'plain' ? null : certificates.onDisk();
      try {
        writeDurably(noteFile, JSON.stringify(onDisk));
      } catch (error) {
        // A full disk of the agent's is no reason not to start etcd.
        log('certificates of this start not noted', { version, error: (error as Error).message }, 'error');
      }
    },
    startedWith,
    onDisk: certificates.onDisk,
    read,
    isStale() {
      const spec = disk.member();
      if (spec?.tls === undefined) return false;
      const { started, onDisk } = read(spec.version);
      return started !== '' && onDisk !== '' && started !== onDisk;
    },
    async isShown() {
      const spec = disk.member();
      if (spec === null) return false;
      const port = securePort(spec.version, transportOf(spec));
      const shown = await handshakeWith(address, certificates.identity(), connectTimeoutMs, port);
      return shown?.serial === certificates.serverSerial();
    },
  };
}
