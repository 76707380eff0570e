/** The keys of this home, and what names one: its id, its ARN, an alias, an alias's ARN (AWS: Key identifiers). */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext } from '../wire/service.ts';

export type KeySpec = 'SYMMETRIC_DEFAULT' | 'ECC_NIST_P256';
export type KeyUsage = 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY';
type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

export interface Key {
  readonly id: string;
  readonly arn: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly description: string;
  readonly state: KeyState;
  /** ISO 8601 */
  readonly createdAt: string;
  /** ISO 8601; only of one that is pending deletion. */
  readonly deletedAt?: string;
  /** PKCS #8, DER in base64; a symmetric key has no material here. */
  readonly privateKey?: string;
}

interface Alias {
  /** `alias/NAME` */
  readonly name: string;
  readonly keyId: string;
}

export type NewKey = Pick<Key, 'spec' | 'usage' | 'description'> & { readonly enabled: boolean };

export interface Keys {
  create(key: NewKey): Key;
  change(id: string, change: { readonly description: string; readonly enabled: boolean }): void;
  /** After the window it is gone; until then it is there and does nothing. */
  scheduleDeletion(id: string, windowDays: number): void;
  putAlias(name: string, key: string): void;
  deleteAlias(name: string): void;
  /** @throws AwsError `NotFoundException` in KMS's own words */
  find(identifier: string): Key;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const dayMs = 86_400_000;

export function createKeys({ database, region, account }: HomeContext): Keys {
  const keys = documents<Key>(database, 'kms_keys');
  const aliases = documents<Alias>(database, 'kms_aliases');
  const arnOf = (rest: string) => `arn:aws:kms:${region}:${account}:${rest}`;

  function live(id: string): Key | null {
    const key = keys.get(id);
    if (key?.deletedAt === undefined || Date.parse(key.deletedAt) > Date.now()) return key;
    keys.delete(id);
    return null;
  }

  function find(identifier: string): Key {
    const own = arnOf('');
    const [, , service, elsewhere = region] = identifier.startsWith('arn:') ? identifier.split(':') : [];
    if (service === 'kms' && elsewhere !== region) throw new AwsError('NotFoundException', `Invalid arn ${elsewhere}`);
    const rest = identifier.startsWith(own) ? identifier.slice(own.length) : identifier;
    if (rest.startsWith('alias/')) {
      const key = live(aliases.get(rest)?.keyId ?? '');
      if (key === null) throw new AwsError('NotFoundException', `Alias ${arnOf(rest)} is not found.`);
      return key;
    }
    const id = rest.replace(/^key\//, '');
    if (!uuid.test(id)) throw new AwsError('NotFoundException', `Invalid keyId '${identifier}'`);
    const key = live(id);
    if (key === null) throw new AwsError('NotFoundException', `Key '${arnOf(`key/${id}`)}' does not exist`);
    return key;
  }

  return {
    find,
    create({ enabled, ...given }) {
      const id = randomUUID();
      const key: Key = {
        ...given,
        id,
        arn: arnOf(`key/${id}`),
        state: enabled ? 'Enabled' : 'Disabled',
        createdAt: new Date().toISOString(),
        ...(given.spec === 'ECC_NIST_P256' && { privateKey: newPrivateKey() }),
      };
      keys.put(id, key);
      return key;
    },
    change(id, { description, enabled }) {
      keys.put(id, { ...find(id), description, state: enabled ? 'Enabled' : 'Disabled' });
    },
    scheduleDeletion(id, windowDays) {
      const deletedAt = new Date(Date.now() + windowDays * dayMs).toISOString();
      keys.put(id, { ...find(id), state: 'PendingDeletion', deletedAt });
    },
    putAlias: (name, key) => aliases.put(name, { name, keyId: find(key).id }),
    deleteAlias: aliases.delete,
  };
}

function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}
