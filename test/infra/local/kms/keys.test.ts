/** Keys as CloudFormation makes, changes and deletes them, and what is left of them in the home's file. */
import { EventEmitter } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Existing, Provider } from '../../../../infra/local/cloudformation/provider.ts';
import { keyProviders } from '../../../../infra/local/cloudformation/providers/keys.ts';
import { createKms, type Kms } from '../../../../infra/local/kms/index.ts';
import type { HomeContext } from '../../../../infra/local/wire/service.ts';

let context: HomeContext;
let kms: Kms;
beforeEach(() => {
  context = {
    folder: '/none',
    database: new DatabaseSync(':memory:'),
    region: 'eu-west-1',
    account: '123456789012',
    network: '127.1.1',
    endpoint: 'http://127.1.1.1:4566',
    log: () => undefined,
    events: new EventEmitter(),
  };
  kms = createKms(context);
});

const caller = { accessKeyId: '', arn: '' };
const sign = (KeyId: string, from = kms) =>
  from.operations.Sign?.({ KeyId, Message: Buffer.from('a'), SigningAlgorithm: 'ECDSA_SHA_256' }, caller);
const provider = (type: 'Key' | 'Alias'): Provider => {
  const found = keyProviders(kms.keys)[`AWS::KMS::${type}`];
  if (found === undefined) throw new Error(`no provider of ${type}`);
  return found;
};
const request = (type: string, properties: Record<string, unknown>) => ({
  stackName: 'etcd-etcd',
  logicalId: 'Authority',
  type: `AWS::KMS::${type}`,
  properties,
});
const ecc = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', PendingWindowInDays: 7 };
async function made(properties: Record<string, unknown> = ecc): Promise<Existing> {
  return { ...(await provider('Key').create(request('Key', properties))), properties };
}

describe('a key', () => {
  test('is there with its ARN and id, and again when the home is opened again', async () => {
    const { physicalId, attributes } = await made();
    expect(attributes).toEqual({ Arn: `arn:aws:kms:eu-west-1:123456789012:key/${physicalId}`, KeyId: physicalId });
    expect(sign(physicalId, createKms(context))).toMatchObject({ KeyId: attributes.Arn });
  });

  test.each([
    [{}, 'SYMMETRIC_DEFAULT'],
    [{ Description: 'of the bucket', EnableKeyRotation: true }, 'SYMMETRIC_DEFAULT'],
    [ecc, 'ECC_NIST_P256'],
  ])('of %j is made', async (properties, spec) => {
    expect(kms.keys.find((await made(properties)).physicalId).spec).toBe(spec);
  });

  test.each([
    [{ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }, 'KeySpec RSA_2048'],
    [{ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }, 'KEY_AGREEMENT'],
    [{ KeySpec: 'ECC_NIST_P256' }, 'ENCRYPT_DECRYPT'],
  ])('of %j is refused, naming %s', async (properties, named) => {
    await expect(made(properties)).rejects.toThrow(named);
  });

  test('changes what can change, and is replaced by nobody', async () => {
    const existing = await made();
    const { physicalId } = existing;
    await provider('Key').update?.(request('Key', { ...ecc, Enabled: false, Description: 'off' }), existing);
    expect(kms.keys.find(physicalId)).toMatchObject({ state: 'Disabled', description: 'off' });
    const symmetric = async () => provider('Key').update?.(request('Key', {}), existing);
    await expect(symmetric()).rejects.toThrow('KeySpec changed');
  });

  test('that is deleted waits for its window, does nothing meanwhile, and is gone then', async () => {
    const existing = await made();
    await provider('Key').delete?.(existing, request('Key', ecc));
    expect(() => sign(existing.physicalId)).toThrow('pending deletion');
    const { deletedAt = '' } = kms.keys.find(existing.physicalId);
    expect(Date.parse(deletedAt) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
    kms.keys.scheduleDeletion(existing.physicalId, 0);
    expect(() => kms.keys.find(existing.physicalId)).toThrow('does not exist');
  });
});

test('an alias is another name of a key until it is deleted, or another’s', async () => {
  const [first, second] = [await made(), await made()];
  const alias = (TargetKeyId: unknown) => request('Alias', { AliasName: 'alias/authority', TargetKeyId });
  const existing = { ...(await provider('Alias').create(alias(first.attributes.Arn))), properties: {} };
  expect(existing.physicalId).toBe('alias/authority');
  expect(kms.keys.find('alias/authority').id).toBe(first.physicalId);
  await provider('Alias').update?.(alias(second.physicalId), existing);
  expect(kms.keys.find('alias/authority').id).toBe(second.physicalId);
  await provider('Alias').delete?.(existing, alias(second.physicalId));
  expect(() => kms.keys.find('alias/authority')).toThrow('is not found');
});
