/** `DIR/endpoints.json`: what other tools need to talk to this home. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterDomain } from '#etcd/dnsRecords.ts';
import type { DnsServer } from '../dns/index.ts';

export interface Endpoints {
  /** The page. */
  readonly page: string;
  /** For `AWS_ENDPOINT_URL`, boto3's `endpoint_url`, the CLI's `--endpoint-url`. */
  readonly awsEndpoint: string;
  readonly region: string;
  /** Throw-away: they open nothing but this home. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** ARN of the state machine that bootstraps the cluster. */
  readonly stateMachineArn: string;
  readonly members: readonly { readonly name: string; readonly clientUrl: string }[];
  readonly dns: DnsEndpoint;
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

export function writeEndpoints(folder: string, endpoints: Endpoints): string {
  const file = join(folder, 'endpoints.json');
  writeFileSync(file, `${JSON.stringify(endpoints, null, 2)}\n`);
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
    `  kept in   ${file}`,
    '',
    `  export ETCDCTL_ENDPOINTS=${urls.join(',')}`,
    `  export AWS_ENDPOINT_URL=${endpoints.awsEndpoint} AWS_REGION=${endpoints.region}`,
    `  export AWS_ACCESS_KEY_ID=${endpoints.credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${endpoints.credentials.secretAccessKey}`,
    `  dig @${dns.address}${digPort} +short SRV _etcd-client._tcp.${dns.domain}`,
    '',
  ].join('\n');
}
