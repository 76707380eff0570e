/**
 * KMS: keys that sign, and the names of others. What it does not do: encryption, key policies and grants, rotation, other key
 * specs than ECC_NIST_P256, making keys by API (CloudFormation does).
 */
import { createPublicKey } from 'node:crypto';
import type { HomeContext, Service } from '../wire/service.ts';
import { createKeys, type Key, type Keys } from './keys.ts';
import { privateKeyOf, requireUsable, type SignInput, signatureOf, signingAlgorithm } from './sign.ts';

export interface Kms extends Service {
  readonly keys: Keys;
}

export function createKms(context: HomeContext): Kms {
  const keys = createKeys(context);
  return {
    name: 'kms',
    keys,
    operations: {
      DescribeKey: ({ KeyId }: { KeyId: string }) => ({ KeyMetadata: metadataOf(keys.find(KeyId), context.account) }),
      GetPublicKey({ KeyId }: { KeyId: string }) {
        const key = keys.find(KeyId);
        requireUsable(key);
        const publicKey = createPublicKey(privateKeyOf(key, 'GetPublicKey'));
        return { ...shared(key), KeyId: key.arn, PublicKey: publicKey.export({ type: 'spki', format: 'der' }) };
      },
      Sign(input: SignInput) {
        const key = keys.find(input.KeyId);
        return { KeyId: key.arn, Signature: signatureOf(key, input), SigningAlgorithm: signingAlgorithm };
      },
    },
  };
}

function shared({ spec, usage }: Key) {
  return {
    KeySpec: spec,
    CustomerMasterKeySpec: spec,
    KeyUsage: usage,
    ...(usage === 'SIGN_VERIFY' && { SigningAlgorithms: [signingAlgorithm] }),
  };
}

function metadataOf(key: Key, account: string) {
  return {
    ...shared(key),
    AWSAccountId: account,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.createdAt),
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyState: key.state,
    ...(key.deletedAt !== undefined && { DeletionDate: new Date(key.deletedAt) }),
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    MultiRegion: false,
    ...(key.usage === 'ENCRYPT_DECRYPT' && { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'] }),
  };
}
