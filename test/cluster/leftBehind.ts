/** What a home has left behind, and the secrets that must not be in it. */
import { createPrivateKey } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { TestCluster } from './cluster.ts';
import { type Content, contentsOf, foundIn, keySecret, type Secret, textSecret } from './secrets.ts';

/** Tables of the home's own database that secrets are kept in, as AWS keeps them. */
const keptIn = ['kms_keys', 'wire_callers'];

/** Of the home: the keys in its KMS, and the credentials of every principal that it has given any. */
export function homeSecrets({ home }: TestCluster): readonly Secret[] {
  const { database } = home.context;
  const keys = database.prepare('SELECT id, document FROM kms_keys').all();
  const callers = database.prepare('SELECT arn, secret, token FROM wire_callers').all();
  return [
    ...keys.flatMap(({ id, document }) => {
      const { privateKey } = JSON.parse(String(document)) as { privateKey?: string };
      if (privateKey === undefined) return [];
      const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
      return [keySecret(`the key ${id} in KMS`, String(key.export({ format: 'pem', type: 'pkcs8' })))];
    }),
    ...callers.flatMap(({ arn, secret, token }) => [
      textSecret(`the secret key of ${arn}`, String(secret)),
      ...(token === '' ? [] : [textSecret(`the session token of ${arn}`, String(token))]),
    ]),
  ];
}

/** Paths of the instances' private keys, which are where they belong. */
export function keyFiles(folder: string): readonly string[] {
  return filesBelow(join(folder, 'instances')).filter((file) => file.endsWith('.key'));
}

/** etcd's own programs and archives: they are what their SHA-256 says. */
const release = /\/opt\/[^/]+\/releases\/|\/releases\/etcd|etcd-v[\d.]+-linux/;

/** `SECRET in FILE` for each that is found anywhere but where it belongs. @param also other folders */
export async function leaks(
  cluster: TestCluster,
  secrets: readonly Secret[],
  also: readonly string[],
): Promise<readonly string[]> {
  const { folder } = cluster;
  const belongs = [...keyFiles(folder), ...['', '-shm', '-wal'].map((end) => join(folder, `home.sqlite${end}`))];
  const files = [folder, ...also].flatMap(filesBelow).filter((file) => !belongs.includes(file) && !release.test(file));
  return foundIn([...(await databases(cluster)), ...contentsOf(files, folder)], secrets);
}

/** Every table but those that secrets belong in, and the cluster's record. */
async function databases({ home, outputs }: TestCluster): Promise<readonly Content[]> {
  const { database, region } = home.context;
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const tables = names.map(({ name }) => String(name)).filter((name) => !keptIn.includes(name));
  const record = new DynamoDBClient({ endpoint: home.endpoint, credentials: home.credentials, region });
  const { Items = [] } = await record.send(new ScanCommand({ TableName: outputs.TableName }));
  record.destroy();
  const all = [...tables.map((name) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]), ['record', Items]];
  return all.map(([name, rows]) => ({ name: `table ${name}`, octets: Buffer.from(JSON.stringify(rows)) }));
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
