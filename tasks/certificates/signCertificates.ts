import { type CertificateAnswer, type CertificateUse, refusalStatus } from '#etcd/certificates.ts';
import { countRefusal, countRequest } from '../aws/certificateRecord.ts';
import { environment } from '../aws/environment.ts';
import { describeGroup } from '../aws/group.ts';
import { findInstance } from '../aws/instances.ts';
import { audit } from '../aws/record.ts';
import type { SignerTasks } from '../catalogue.ts';
import { judgeCaller } from '../plan/certificateCaller.ts';
import { contentsFor } from '../plan/certificateContents.ts';
import { groupTag, judgeInstance } from '../plan/certificateInstance.ts';
import { isRefused, type Refused } from '../plan/certificateRefusal.ts';
import { type CertificateRequests, judgeRequest } from '../plan/certificateRequest.ts';
import type { ClientCertificateRequest } from '../plan/clientCertificate.ts';
import { judgeCsr } from '../plan/csr.ts';
import { makeCertificate } from './certificate.ts';
import { readCsr } from './csr.ts';
import { askedByMachine } from './moveAuthority.ts';
import { openOwnAuthority } from './ownAuthority.ts';
import { type ClientCertificateAnswer, signClient } from './signClient.ts';

/** What a function URL hands over, as far as it is read here (Lambda developer guide: request payload format). */
export interface UrlEvent {
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
  readonly requestContext?: {
    readonly http?: { readonly method?: unknown };
    readonly authorizer?: { readonly iam?: { readonly userArn?: unknown } } | null;
  };
}

export interface UrlAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An agent asks when it starts and days before its certificates end; one that crashes again and again asks more often. */
const mostRequestsPerHour = 60;

/**
 * Signs certificates for the instance that asks, which Lambda has verified (the function URL's auth type is AWS_IAM): those of
 * its own address and names, and nothing that the request says besides its keys. What is refused changes nothing. An operator
 * who invokes it gets a client's certificate; RotateCertificateAuthority has it change the authority.
 */
export async function handler(
  event: UrlEvent | ClientCertificateRequest | SignerTasks[keyof SignerTasks]['input'],
): Promise<UrlAnswer | ClientCertificateAnswer | Refused | SignerTasks[keyof SignerTasks]['output']> {
  // Lambda puts the context in where it is asked by URL, and instances may ask in no other way.
  if (!('requestContext' in event)) return 'authority' in event ? askedByMachine(event) : signClient(event);
  const answered = await answer(event);
  if (!isRefused(answered)) return reply(200, answered);
  await note(event, answered);
  return reply(refusalStatus[answered.refused], answered);
}

async function answer(event: UrlEvent): Promise<CertificateAnswer | Refused> {
  const caller = judgeCaller(event.requestContext?.authorizer?.iam?.userArn, environment('INSTANCE_ROLES').split(','));
  if (isRefused(caller)) return caller;
  const { instanceId } = caller;
  const { body, isBase64Encoded, requestContext } = event;
  const request = judgeRequest({ method: requestContext?.http?.method, body, isBase64Encoded });
  if (isRefused(request)) return request;
  const keys = keysIn(request, instanceId);
  if (isRefused(keys)) return keys;
  if (!(await countRequest(instanceId, hourNow(), mostRequestsPerHour)))
    return { refused: 'tooMany', why: `${instanceId} has asked ${mostRequestsPerHour} times within this hour` };
  const found = await findInstance(instanceId);
  const group = found?.instance.tags[groupTag];
  const standing = judgeInstance(
    instanceId,
    environment('CLUSTER'),
    found?.instance ?? null,
    found === null || group === undefined ? null : await describeGroup(found.region, group),
  );
  if (isRefused(standing)) return standing;
  return issue(keys, { instanceId, address: standing.address, domain: environment('DOMAIN') });
}

type Keys = ReadonlyMap<CertificateUse, Buffer>;

function keysIn({ requests }: CertificateRequests, instanceId: string): Keys | Refused {
  const keys = new Map<CertificateUse, Buffer>();
  for (const [use, pem] of requests) {
    const csr = readCsr(pem);
    const refusal = judgeCsr(use, csr?.facts ?? null, instanceId);
    if (refusal !== null) return refusal;
    if (csr !== null) keys.set(use, csr.publicKey);
  }
  return keys;
}

async function issue(keys: Keys, instance: Parameters<typeof contentsFor>[1]): Promise<CertificateAnswer> {
  const days = Number(environment('CERTIFICATE_DAYS'));
  const authority = await openOwnAuthority(days);
  const nowMs = Date.now();
  const made = await Promise.all(
    [...keys].map(async ([use, publicKey]) => {
      const contents = contentsFor(use, instance, nowMs, days);
      const { pem, ...rest } = await makeCertificate(contents, publicKey, authority.certificate, authority.sign);
      const { dnsNames, addresses } = contents;
      return { use, issued: { certificate: pem, ...rest }, noted: { ...rest, dnsNames, addresses } };
    }),
  );
  const entry = {
    at: new Date(nowMs).toISOString(),
    who: instance.instanceId,
    what: `issued certificates: ${made.map(({ use }) => use).join(', ')}`,
    why: 'the instance asked for them',
    after: Object.fromEntries(made.map(({ use, noted }) => [use, noted])),
  };
  // Before they leave: what was issued is in the record, whoever gets the answer.
  await audit(entry, `certificates-${made[0]?.issued.serial}`);
  return {
    certificates: Object.fromEntries(made.map(({ use, issued }) => [use, issued])),
    trusted: authority.trusted,
  };
}

/** Each refusal in the log, which has an end; in the record their number, which has no room to grow. */
async function note({ requestContext }: UrlEvent, { refused, why }: Refused): Promise<void> {
  const given = requestContext?.authorizer?.iam?.userArn;
  const who = typeof given === 'string' ? given.slice(0, 2_048) : 'unknown';
  console.log(JSON.stringify({ refused, why, who }));
  await countRefusal({ code: refused, why, who, at: new Date().toISOString() }, hourNow());
}

function hourNow(): string {
  return `${new Date().toISOString().slice(0, 13)}:00:00.000Z`;
}

function reply(statusCode: number, body: object): UrlAnswer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
