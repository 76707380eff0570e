/** `DIR/endpoints.json`: what other tools need to talk to this home. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { areSecure } from '#etcd/addresses.ts';
import { clusterDomain } from '#etcd/dnsRecords.ts';
import type { IdentityFiles } from '../../clientCertificate/issue.ts';
import type { DnsServer } from '../dns/index.ts';

export interface Endpoints {
  /** The page, with the token that changes need. */
  readonly page: string;
  /** For `AWS_ENDPOINT_URL`, boto3's `endpoint_url`, the CLI's `--endpoint-url`. */
  readonly awsEndpoint: string;
  readonly region: string;
  /** Throw-away: they open nothing but this home. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** ARN of the state machine that bootstraps the cluster. */
  readonly stateMachineArn: string;
  readonly members: readonly { readonly name: string; readonly clientUrl: string }[];
  /** Paths of the operator's certificate as a client of etcd; absent where members ask for none. */
  readonly operator?: IdentityFiles;
  /** Of the first region, and of each further one: a server tells of its own region's members first. */
  readonly dns: DnsEndpoint;
  readonly otherDns?: Readonly<Record<string, DnsEndpoint>>;
  /** Of the stack. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** The DNS server, over UDP and TCP. */
export interface DnsEndpoint {
  readonly address: string;
  readonly port: number;
  /** What clients give to `--discovery-srv`. */
  readonly domain: string;
}

/** @param outputs of the stack */
export function dnsEndpoint({ address, port }: DnsServer, outputs: Readonly<Record<string, string>>): DnsEndpoint {
  const domain = clusterDomain(outputs.ClusterName ?? '', outputs.HostedZoneName ?? '');
  return { address, port, domain: domain.slice(0, -1) };
}

/** Readable by its owner only: it opens the home and the page. */
export function writeEndpoints(folder: string, endpoints: Endpoints): string {
  const file = join(folder, 'endpoints.json');
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(fresh, file);
  return file;
}

/** The same for a person's eyes, with lines that can be pasted into a shell. */
export function describeEndpoints(endpoints: Endpoints, file: string): string {
  const { dns } = endpoints;
  const digPort = dns.port === 53 ? '' : ` -p ${dns.port}`;
  const urls = endpoints.members.map((member) => member.clientUrl);
  return [
    '',
    `  page      ${endpoints.page}`,
    ...endpoints.members.map((member) => `  member    ${member.clientUrl}  ${member.name}`),
    `  AWS       ${endpoints.awsEndpoint}  (${endpoints.region})`,
    `  DNS       ${dns.address}:${dns.port}  ${dns.domain}`,
    ...Object.entries(endpoints.otherDns ?? {}).map(
      ([region, other]) => `  DNS       ${other.address}:${other.port}  ${other.domain}  (${region})`,
    ),
    `  kept in   ${file}`,
    '',
    `  export ETCDCTL_ENDPOINTS=${urls.join(',')}`,
    `  export AWS_ENDPOINT_URL=${endpoints.awsEndpoint} AWS_REGION=${endpoints.region}`,
    `  export AWS_ACCESS_KEY_ID=${endpoints.credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${endpoints.credentials.secretAccessKey}`,
    `  dig @${dns.address}${digPort} +short SRV _etcd-client${areSecure(urls) ? '-ssl' : ''}._tcp.${dns.domain}`,
    ...(endpoints.operator === undefined ? [] : withCertificate(urls, endpoints.operator)),
    '',
  ].join('\n');
}

/** Whoever shows no certificate is refused. */
function withCertificate(urls: readonly string[], { authorities, certificate, key }: IdentityFiles): readonly string[] {
  const [ca, own, ownKey] = [authorities, certificate, key].map(quoted);
  return [
    `  etcdctl --endpoints=${urls.join(',')} --cacert=${ca} --cert=${own} --key=${ownKey} endpoint status`,
    `  curl --cacert ${ca} --cert ${own} --key ${ownKey} ${urls[0]}/version`,
  ];
}

/** For a shell; as it is where that says the same. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
