/** Keys of KMS and their aliases. */
import type { KeySpec, Keys, KeyUsage } from '../../kms/keys.ts';
import { type Existing, type Providers, type ResourceRequest, text } from '../provider.ts';

type Properties = ResourceRequest['properties'];

const usages: Readonly<Record<KeySpec, KeyUsage>> = {
  SYMMETRIC_DEFAULT: 'ENCRYPT_DECRYPT',
  ECC_NIST_P256: 'SIGN_VERIFY',
};

export function keyProviders(keys: Keys): Providers {
  return {
    'AWS::KMS::Key': {
      create({ properties }) {
        const { id, arn } = keys.create({ ...kindOf(properties), ...settingsOf(properties) });
        return { physicalId: id, attributes: { Arn: arn, KeyId: id } };
      },
      update({ properties }, existing) {
        if (kindOf(properties).spec !== kindOf(existing.properties).spec)
          throw new Error('its KeySpec changed, which replaces it on AWS; start over with --fresh');
        keys.change(existing.physicalId, settingsOf(properties));
        return existing;
      },
      // KMS deletes no key at once.
      delete: ({ physicalId, properties }: Existing) =>
        keys.scheduleDeletion(physicalId, Number(properties.PendingWindowInDays ?? 30)),
    },
    'AWS::KMS::Alias': {
      create({ properties }) {
        const name = text(properties, 'AliasName') ?? '';
        keys.putAlias(name, text(properties, 'TargetKeyId') ?? '');
        return { physicalId: name, attributes: {} };
      },
      update({ properties }, existing) {
        if (text(properties, 'AliasName') !== existing.physicalId)
          throw new Error('its name changed, which replaces it on AWS; start over with --fresh');
        keys.putAlias(existing.physicalId, text(properties, 'TargetKeyId') ?? '');
        return existing;
      },
      delete: ({ physicalId }) => keys.deleteAlias(physicalId),
    },
  };
}

/** ECC keys of other uses (KEY_AGREEMENT) are none of what this home has. */
function kindOf(properties: Properties): { spec: KeySpec; usage: KeyUsage } {
  const spec = text(properties, 'KeySpec') ?? 'SYMMETRIC_DEFAULT';
  if (spec !== 'SYMMETRIC_DEFAULT' && spec !== 'ECC_NIST_P256')
    throw new Error(`this home has no keys of KeySpec ${spec}; it has ${Object.keys(usages).join(', ')}`);
  const usage = text(properties, 'KeyUsage') ?? 'ENCRYPT_DECRYPT';
  if (usage !== usages[spec]) throw new Error(`its KeyUsage is ${usage}; this home's ${spec} is for ${usages[spec]}`);
  return { spec, usage };
}

function settingsOf(properties: Properties): { description: string; enabled: boolean } {
  return { description: text(properties, 'Description') ?? '', enabled: text(properties, 'Enabled') !== 'false' };
}
