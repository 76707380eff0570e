/** Asks the deployed certificate signer, as an instance or as anybody else. */
import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import aws4 from 'aws4';
import type { CertificateUse } from '#etcd/certificates.ts';
import { certificateRequest } from '../../agent/machine/csr.ts';
import { made } from '../../infra/local/cloudformation/resources.ts';
import type { Home } from '../../infra/local/home.ts';

export interface SignerAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any;
}

/** As `aws4` signs it with the caller's credentials. @param caller ARN of a role session or user */
export async function askSigner(
  home: Home,
  caller: string,
  body: string | Buffer,
  { method = 'POST', contentType = 'application/json' } = {},
): Promise<SignerAnswer> {
  const { hostname, host, port, pathname } = new URL(signerUrl(home));
  const wanted = {
    host,
    path: pathname,
    method,
    headers: { 'content-type': contentType },
    body,
    service: 'lambda',
    region: home.context.region,
  };
  const { headers } = aws4.sign(wanted as aws4.Request, home.services.callers.credentialsOf(caller));
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: pathname, method, headers: headers as Record<string, string> })
      .once('response', (answer) =>
        text(answer).then((json) => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(json) }), reject),
      )
      .once('error', reject)
      .end(body);
  });
}

export function signerUrl({ context }: Home): string {
  const url = made(context).find(({ type }) => type === 'AWS::Lambda::Url');
  return String(url?.attributes.FunctionUrl);
}

/** ARN of the session that an instance's metadata gives credentials of. */
export function instanceSession({ context }: Home, instanceId: string): string {
  const role = made(context).find(({ logicalId }) => logicalId.startsWith('MemberRole'))?.physicalId;
  return `arn:aws:sts::${context.account}:assumed-role/${role}/${instanceId}`;
}

export interface Asked {
  readonly body: string;
  /** PEM of the private key of each use. */
  readonly keys: Readonly<Record<string, string>>;
}

/** What an agent would send for these uses. */
export function requestFor(...uses: readonly CertificateUse[]): Asked {
  const made = uses.map((use) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return { use, key, pem: certificateRequest(privateKey) };
  });
  return {
    body: JSON.stringify({ requests: Object.fromEntries(made.map(({ use, pem }) => [use, pem])) }),
    keys: Object.fromEntries(made.map(({ use, key }) => [use, key])),
  };
}
