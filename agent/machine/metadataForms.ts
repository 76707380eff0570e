/**
 * What instance metadata may say. Its answers become command lines, host names and paths, and tags are written by whoever may
 * tag an instance: what has another form is refused before anything is done with it. Pure.
 */
import { isIPv4 } from 'node:net';
import type { AwsCredentials, Identity } from './metadata.ts';

interface Form {
  readonly is: (text: string) => boolean;
  /** For the refusal. */
  readonly allowed: string;
}

const pattern = (form: RegExp, allowed: string): Form => ({ is: (text) => form.test(text), allowed });

const regionName = pattern(/^[a-z]{2,4}(-[a-z]{1,20}){1,3}-\d{1,2}$/, 'a region such as eu-west-1');

const forms: { readonly [Field in keyof Identity]: Form } = {
  instanceId: pattern(/^i-[0-9a-f]{1,17}$/, 'i- and up to 17 hex digits'),
  address: { is: isIPv4, allowed: 'an IPv4 address' },
  zone: pattern(/^[a-z][a-z0-9-]{1,40}$/, 'an availability zone such as eu-west-1a'),
  region: regionName,
  homeRegion: regionName,
  cluster: pattern(/^[a-z][a-z0-9-]{0,30}$/, 'a lower-case letter, then up to 30 letters, digits and dashes'),
  // CreateTable: 3 to 255 characters.
  table: pattern(/^[\w.-]{3,255}$/, 'the name of a DynamoDB table'),
  // "General purpose bucket naming rules": 3 to 63 characters.
  bucket: pattern(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of an S3 bucket'),
  signerArn: pattern(
    /^arn:aws[a-z-]*:lambda:[a-z0-9-]{1,40}:\d{12}:function:[\w-]{1,64}$/,
    'the ARN of a function of Lambda',
  ),
};

/** @throws Error that names the field and what is allowed */
export function checkedIdentity(given: Identity): Identity {
  for (const [field, { is, allowed }] of Object.entries(forms)) {
    const text = given[field as keyof Identity];
    if (!is(text)) throw new Error(`instance metadata has ${shown(text)} as ${field}; allowed: ${allowed}`);
  }
  return given;
}

/** The first line: an instance profile has one role. @throws Error where that is no name of a role (IAM: CreateRole) */
export function checkedRole(lines: string): string {
  const role = lines.split('\n')[0] ?? '';
  if (!/^[\w+=,.@-]{1,64}$/.test(role)) throw new Error(`instance metadata has ${shown(role)} as the name of its role`);
  return role;
}

/** What goes into a header: printable ASCII. */
const headerText = /^[\x21-\x7e]{1,4096}$/;

/** @throws Error that does not repeat it: it is a secret */
export function checkedToken(token: string): string {
  if (!headerText.test(token)) throw new Error('instance metadata gives a token that cannot be one');
  return token;
}

/** @throws Error that repeats nothing of the document */
export function checkedCredentials(document: string): AwsCredentials {
  const fields = objectIn(document);
  const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'Token'].map((name) => {
    const value = fields[name];
    if (typeof value === 'string' && headerText.test(value)) return value;
    throw new Error(`instance metadata gives credentials without a good ${name}`);
  });
  return { accessKeyId: accessKeyId ?? '', secretAccessKey: secretAccessKey ?? '', sessionToken: sessionToken ?? '' };
}

function objectIn(document: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(document);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Node's own message shows a piece of the text.
  }
  throw new Error('instance metadata gives credentials that are no JSON object');
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
