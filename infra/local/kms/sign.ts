/** What KMS checks before it signs (AWS KMS API reference: Sign), and the signature. */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { AwsError } from '../wire/service.ts';
import { signDigest } from './digest.ts';
import type { Key } from './keys.ts';

export interface SignInput {
  readonly KeyId: string;
  readonly Message: Uint8Array;
  /** Absent: `RAW`. */
  readonly MessageType?: string;
  readonly SigningAlgorithm: string;
  readonly DryRun?: boolean;
}

export const signingAlgorithm = 'ECDSA_SHA_256';
const longestMessage = 4_096;
const digestBytes = 32;

/** DER of an `Ecdsa-Sig-Value` (RFC 3279, 2.2.3). @throws AwsError with KMS's own name for what is wrong */
export function signatureOf(key: Key, { Message, MessageType = 'RAW', ...input }: SignInput): Buffer {
  requireLength(Message);
  requireUsable(key);
  const privateKey = privateKeyOf(key, 'Sign');
  if (input.SigningAlgorithm !== signingAlgorithm)
    throw new AwsError(
      'InvalidKeyUsageException',
      `Algorithm ${input.SigningAlgorithm} is incompatible with key spec ${key.spec}.`,
    );
  if (MessageType !== 'RAW' && MessageType !== 'DIGEST')
    throw new AwsError('ValidationException', `MessageType ${MessageType} is not valid for key spec ${key.spec}.`);
  if (MessageType === 'DIGEST' && Message.length !== digestBytes)
    throw new AwsError('ValidationException', `Digest is invalid length for algorithm ${signingAlgorithm}.`);
  if (input.DryRun === true)
    throw new AwsError(
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
      412,
    );
  return MessageType === 'RAW' ? sign('sha256', Message, privateKey) : signDigest(Message, privateKey);
}

/** @throws AwsError where its state does not let it be used (AWS: Key states of KMS keys) */
export function requireUsable({ arn, state }: Key): void {
  if (state === 'Disabled') throw new AwsError('DisabledException', `${arn} is disabled.`);
  if (state === 'PendingDeletion') throw new AwsError('KMSInvalidStateException', `${arn} is pending deletion.`);
}

/** @throws AwsError `InvalidKeyUsageException` where the key is none that signs */
export function privateKeyOf({ arn, usage, privateKey }: Key, operation: string): KeyObject {
  if (privateKey === undefined)
    throw new AwsError('InvalidKeyUsageException', `${arn} key usage is ${usage} which is not valid for ${operation}.`);
  return createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
}

function requireLength({ length }: Uint8Array): void {
  if (length >= 1 && length <= longestMessage) return;
  const bound = length < 1 ? 'greater than or equal to 1' : `less than or equal to ${longestMessage}`;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length ${bound}`,
  );
}
