/** Keys that sign, by SDK: what they are, that they sign, and how KMS refuses. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  GetPublicKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
  SignCommand,
  type SignCommandInput,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

const asymmetric = { spec: 'ECC_NIST_P256', usage: 'SIGN_VERIFY' } as const;
const symmetric = { spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' } as const;

describe.each(targets)('KMS of %s', (name, open) => {
  let target: Target;
  let kms: KMSClient;
  let key: string;
  beforeAll(async () => {
    target = await open();
    kms = new KMSClient(target.client);
    key = await createKey(asymmetric);
    await createAlias('alias/contract', key);
  });
  afterAll(() => target.close());

  async function createKey({ spec, usage }: typeof asymmetric | typeof symmetric): Promise<string> {
    const { home } = target;
    if (home !== undefined) return home.services.kms.keys.create({ spec, usage, description: '', enabled: true }).id;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec: spec, KeyUsage: usage }));
    return KeyMetadata?.KeyId ?? '';
  }
  async function createAlias(AliasName: string, TargetKeyId: string): Promise<void> {
    if (target.home !== undefined) target.home.services.kms.keys.putAlias(AliasName, TargetKeyId);
    else await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
  }
  const sign = (given: Partial<SignCommandInput>) =>
    kms.send(
      new SignCommand({ KeyId: key, Message: Buffer.from('text'), SigningAlgorithm: 'ECDSA_SHA_256', ...given }),
    );
  async function publicKey() {
    const { PublicKey = Buffer.alloc(0) } = await kms.send(new GetPublicKeyCommand({ KeyId: key }));
    return createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  }

  test('describes a key by each of its names', async () => {
    const arn = `arn:aws:kms:eu-west-1:123456789012:key/${key}`;
    for (const KeyId of [key, arn, 'alias/contract', 'arn:aws:kms:eu-west-1:123456789012:alias/contract']) {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata).toMatchObject({
        KeyId: key,
        Arn: arn,
        AWSAccountId: '123456789012',
        KeySpec: 'ECC_NIST_P256',
        KeyUsage: 'SIGN_VERIFY',
        KeyState: 'Enabled',
        Enabled: true,
        SigningAlgorithms: ['ECDSA_SHA_256'],
        CreationDate: expect.any(Date),
      });
    }
  });

  test('signs a message, which the public key verifies', async () => {
    const { Signature = Buffer.alloc(0), KeyId, SigningAlgorithm } = await sign({ MessageType: 'RAW' });
    expect([KeyId, SigningAlgorithm]).toEqual([expect.stringContaining(`:key/${key}`), 'ECDSA_SHA_256']);
    expect(verify('sha256', Buffer.from('text'), await publicKey(), Signature)).toBe(true);
    expect(verify('sha256', Buffer.from('other'), await publicKey(), Signature)).toBe(false);
  });

  test.each<[string, Partial<SignCommandInput>]>([
    ['NotFoundException', { KeyId: '00000000-0000-4000-8000-000000000000' }],
    ['NotFoundException', { KeyId: 'alias/absent' }],
    ['NotFoundException', { KeyId: 'nonsense' }],
  ])('answers %s where %o', async (error, given) => {
    expect(await errorOf(sign(given))).toBe(error);
  });

  // moto hashes digests once more, and signs whatever it is given, in whatever state.
  if (name === 'moto') return;

  test('signs any digest', async () => {
    const verified = fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 200 }), async (message) => {
      const Message = createHash('sha256').update(message).digest();
      const { Signature = Buffer.alloc(0) } = await sign({ MessageType: 'DIGEST', Message });
      return verify('sha256', message, await publicKey(), Signature);
    });
    await fc.assert(verified, { numRuns: 40 });
  });

  test.each<[string, Partial<SignCommandInput>]>([
    ['ValidationException', { Message: Buffer.alloc(4_097) }],
    ['ValidationException', { Message: Buffer.alloc(0) }],
    ['ValidationException', { MessageType: 'DIGEST', Message: Buffer.alloc(31) }],
    ['ValidationException', { MessageType: 'EXTERNAL_MU' }],
    ['InvalidKeyUsageException', { SigningAlgorithm: 'RSASSA_PSS_SHA_256' }],
    ['DryRunOperationException', { DryRun: true }],
  ])('answers %s where %o', async (error, given) => {
    expect(await errorOf(sign(given))).toBe(error);
  });

  test('uses no key that encrypts, is disabled or is to be deleted, but says what it is', async () => {
    const { keys } = target.home?.services.kms ?? {};
    const encrypts = await createKey(symmetric);
    const disabled = await createKey(asymmetric);
    const deleted = await createKey(asymmetric);
    keys?.change(disabled, { description: 'off', enabled: false });
    keys?.scheduleDeletion(deleted, 7);
    for (const [KeyId, error, state] of [
      [encrypts, 'InvalidKeyUsageException', 'Enabled'],
      [disabled, 'DisabledException', 'Disabled'],
      [deleted, 'KMSInvalidStateException', 'PendingDeletion'],
    ]) {
      expect(await errorOf(sign({ KeyId }))).toBe(error);
      expect(await errorOf(kms.send(new GetPublicKeyCommand({ KeyId })))).toBe(error);
      expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState).toBe(state);
    }
    for (const command of [new DisableKeyCommand({ KeyId: key }), new ScheduleKeyDeletionCommand({ KeyId: key })])
      expect(await errorOf(kms.send(command as DisableKeyCommand))).toBe('UnknownOperationException');
  });
});
