/** Buckets and objects: bytes in files below DIR/s3, everything else in SQLite. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AwsError, type HomeContext } from '../wire/service.ts';

export interface StoredObject {
  readonly key: string;
  /** File with its bytes. */
  readonly file: string;
  readonly size: number;
  /** Hex MD5, without quotes. */
  readonly etag: string;
  readonly contentType: string;
  readonly modified: Date;
  /** `x-amz-meta-*` without the prefix. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectStore {
  createBucket(bucket: string): void;
  deleteBucket(bucket: string): void;
  buckets(): readonly { readonly name: string; readonly created: Date }[];
  hasBucket(bucket: string): boolean;
  put(
    bucket: string,
    key: string,
    body: Readable,
    about?: { contentType?: string; metadata?: Record<string, string> },
  ): Promise<StoredObject>;
  get(bucket: string, key: string): StoredObject | null;
  delete(bucket: string, key: string): void;
  /** Objects whose keys begin with `prefix` and follow `after`, in key order. */
  list(bucket: string, prefix: string, after: string, limit: number): readonly StoredObject[];
  read(object: StoredObject, range?: { start: number; end: number }): Readable;
}

export function createObjectStore(context: HomeContext): ObjectStore {
  const folder = join(context.folder, 's3');
  mkdirSync(folder, { recursive: true });
  const { database } = context;
  database.exec(`CREATE TABLE IF NOT EXISTS s3_buckets (name TEXT PRIMARY KEY, created INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS s3_objects (bucket TEXT, key TEXT, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
      content_type TEXT NOT NULL, modified INTEGER NOT NULL, metadata TEXT NOT NULL, PRIMARY KEY (bucket, key))`);
  const one = database.prepare('SELECT * FROM s3_objects WHERE bucket = ? AND key = ?');
  const some = database.prepare(
    'SELECT * FROM s3_objects WHERE bucket = ? AND substr(key, 1, length(?)) = ? AND key > ? ORDER BY key LIMIT ?',
  );
  const hasBucket = (bucket: string) =>
    database.prepare('SELECT 1 FROM s3_buckets WHERE name = ?').get(bucket) !== undefined;
  const requireBucket = (bucket: string) => {
    if (!hasBucket(bucket)) throw new AwsError('NoSuchBucket', `The bucket ${bucket} does not exist.`, 404);
  };
  const get = (bucket: string, key: string) => {
    requireBucket(bucket);
    const row = one.get(bucket, key);
    return row === undefined ? null : fromRow(row, folder);
  };
  return {
    hasBucket,
    get,
    createBucket(bucket) {
      database.prepare('INSERT OR IGNORE INTO s3_buckets VALUES (?, ?)').run(bucket, Date.now());
    },
    deleteBucket(bucket) {
      requireBucket(bucket);
      if (some.all(bucket, '', '', '', 1).length > 0)
        throw new AwsError('BucketNotEmpty', `The bucket ${bucket} is not empty.`, 409);
      database.prepare('DELETE FROM s3_buckets WHERE name = ?').run(bucket);
    },
    buckets() {
      const rows = database.prepare('SELECT * FROM s3_buckets ORDER BY name').all();
      return rows.map((row) => ({ name: String(row.name), created: new Date(Number(row.created)) }));
    },
    async put(bucket, key, body, about = {}) {
      requireBucket(bucket);
      const file = randomUUID();
      const written = await write(join(folder, file), body);
      const before = get(bucket, key);
      database
        .prepare('INSERT OR REPLACE INTO s3_objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
        .run(
          bucket,
          key,
          file,
          written.size,
          written.md5,
          about.contentType ?? 'binary/octet-stream',
          Date.now(),
          JSON.stringify(about.metadata ?? {}),
        );
      if (before !== null) rmSync(before.file, { force: true });
      return get(bucket, key) as StoredObject;
    },
    delete(bucket, key) {
      const object = get(bucket, key);
      if (object === null) return;
      database.prepare('DELETE FROM s3_objects WHERE bucket = ? AND key = ?').run(bucket, key);
      rmSync(object.file, { force: true });
    },
    list(bucket, prefix, after, limit) {
      requireBucket(bucket);
      return some.all(bucket, prefix, prefix, after, limit).map((row) => fromRow(row, folder));
    },
    read: (object, range) => createReadStream(object.file, range ?? {}),
  };
}

function fromRow(row: Record<string, unknown>, folder: string): StoredObject {
  return {
    key: String(row.key),
    file: join(folder, String(row.file)),
    size: Number(row.size),
    etag: String(row.etag),
    contentType: String(row.content_type),
    modified: new Date(Number(row.modified)),
    metadata: JSON.parse(String(row.metadata)),
  };
}

/** Writes under another name first: an upload that breaks off leaves nothing. */
async function write(path: string, body: Readable): Promise<{ size: number; md5: string }> {
  const hash = createHash('md5');
  let size = 0;
  const file = await open(`${path}.part`, 'w');
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      size += (chunk as Buffer).length;
      await file.writeFile(chunk);
    }
  } catch (error) {
    rmSync(`${path}.part`, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  renameSync(`${path}.part`, path);
  return { size, md5: hash.digest('hex') };
}
