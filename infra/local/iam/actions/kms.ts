/** AWS KMS (Service Authorization Reference: list_awskeymanagementservice). */
import { arnIn, type Facts } from '../facts.ts';
import { onResource, type Row } from './row.ts';

interface Input {
  readonly KeyId?: string;
}

/** Whatever names a key, it is the key that is needed: aliases are no resources of these actions. */
const keyArn = ({ KeyId = '' }: Input, facts: Facts) => facts.keyArn(KeyId) ?? arnIn(facts, 'kms', `key/${KeyId}`);

export const kmsActions: Readonly<Record<string, Row>> = onResource(
  'kms',
  keyArn,
  'DescribeKey',
  'GetPublicKey',
  'Sign',
);
