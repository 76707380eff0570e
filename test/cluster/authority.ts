/** The certificate authority of a test's cluster: what is asked of the signer, and how a later generation is deployed. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { TlsIdentity } from '../../agent/machine/http.ts';
import { layoutBelow } from '../../agent/machine/layout.ts';
import { deployCluster, prepareCluster } from '../../infra/local/start/deploy.ts';
import type { TestCluster } from './cluster.ts';

/** @throws Error of the fault's name, with what the signer said */
// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
export async function invokeSigner({ home, outputs }: TestCluster, event: object): Promise<any> {
  const { endpoint, credentials, context } = home;
  const lambda = new LambdaClient({ endpoint, credentials, region: context.region });
  const Payload = Buffer.from(JSON.stringify(event));
  const answer = await lambda
    .send(new InvokeCommand({ FunctionName: outputs.CertificateSigner, Payload }))
    .finally(() => lambda.destroy());
  const said = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8'));
  if (answer.FunctionError === undefined) return said;
  throw Object.assign(new Error(said.errorMessage), { name: said.errorType });
}

/** As `cdk deploy` with the setting raised: nothing else is changed. */
export async function deployGeneration(
  { home }: TestCluster,
  { members, etcd }: { readonly members: number; readonly etcd: string },
  certificateAuthorityGeneration: number,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const all = { recordTtlSeconds: 1, ...settings, certificateAuthorityGeneration };
  await deployCluster(home, await prepareCluster({ members, etcd }, all));
}

export async function startAuthorityRotation({ states, outputs }: TestCluster, input: unknown): Promise<string> {
  const stateMachineArn = outputs.RotateCertificateAuthorityArn ?? '';
  const { executionArn } = await states.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return executionArn ?? '';
}

/** Starts one and waits for its end. */
export async function rotateAuthority(
  cluster: TestCluster,
  input: unknown,
): Promise<Awaited<ReturnType<TestCluster['ended']>>> {
  return cluster.ended(await startAuthorityRotation(cluster, input));
}

export interface SeenMember {
  readonly address: string;
  readonly healthy: boolean;
  /** Subjects of the CA certificates that its etcd was started with, the one that signs first. */
  readonly trusted: readonly string[];
  /** Issuer of the certificate that it shows to a client. */
  readonly issuer: string;
}

/** What each member trusts and shows, by its files and by a handshake. */
export async function seenMembers(cluster: TestCluster, as: TlsIdentity): Promise<readonly SeenMember[]> {
  const members = await cluster.members();
  return Promise.all(
    members.map(async ({ instanceId, address, status }) => {
      const { tls, state } = layoutBelow(join(cluster.folder, 'instances', instanceId));
      const subjects = new Map(
        pemsIn(readFileSync(join(tls, 'trusted.crt'), 'utf8')).map((one) => [fingerprintOf(one), one.subject]),
      );
      const started = JSON.parse(readFileSync(join(state, 'started-with-certificates.json'), 'utf8'));
      return {
        address,
        healthy: status?.health.verdict === 'healthy',
        trusted: (started.trusted as string[]).map((one) => subjects.get(one) ?? one).sort(),
        issuer: (await shownBy(address, as)) ?? '',
      };
    }),
  );
}

function shownBy(host: string, { certificate: cert, key, authorities: ca }: TlsIdentity): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: 2379, cert, key, ca }, () => {
      const shown = socket.getPeerX509Certificate()?.issuer;
      socket.destroy();
      resolve(shown);
    });
    socket.once('error', reject);
  });
}

export function pemsIn(pems: string): readonly X509Certificate[] {
  const each = pems.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return each.map((pem) => new X509Certificate(pem));
}

function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}
