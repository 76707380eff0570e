/** Buckets and objects: bytes in files below DIR/s3, everything else in SQLite; offers only as long as the store is open. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AwsError, type HomeContext } from '../wire/service.ts';
import { write } from './files.ts';
import { createOffers, type Offer } from './offers.ts';

/** What is said of an object: as stored or, of one that is only offered so far, with no size and no entity tag. */
export interface DescribedObject {
  readonly key: string;
  readonly size: number;
  /** Hex MD5, without quotes; of an object made of N parts `HEX-N`. */
  readonly etag: string;
  readonly contentType: string;
  readonly modified: Date;
  /** `x-amz-meta-*` without the prefix. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StoredObject extends DescribedObject {
  /** File with its bytes. */
  readonly file: string;
}

export interface ObjectStore {
  /**
   * One that is there already stays as it is. Without a region, in the home's first.
   * @throws AwsError `BucketAlreadyOwnedByYou` where it is in another region
   */
  createBucket(bucket: string, region?: string): void;
  deleteBucket(bucket: string): void;
  buckets(): readonly { readonly name: string; readonly created: Date }[];
  hasBucket(bucket: string): boolean;
  /** In which it was made; null where there is no such bucket. */
  regionOf(bucket: string): string | null;
  /** `partsEtag`: of one that is made of parts. */
  put(
    bucket: string,
    key: string,
    body: Readable,
    about?: { contentType?: string; metadata?: Record<string, string>; partsEtag?: string },
  ): Promise<StoredObject>;
  get(bucket: string, key: string): StoredObject | null;
  /** Objects of the bucket from now on, as long as the store is open; stored ones of the same keys come first. */
  offer(bucket: string, offer: Offer): void;
  /** Stored, or offered. */
  describe(bucket: string, key: string): DescribedObject | null;
  /** Stored; an object that is offered is made first. @throws AwsError where that fails */
  obtain(bucket: string, key: string): Promise<StoredObject | null>;
  delete(bucket: string, key: string): void;
  /** Objects whose keys begin with `prefix` and follow `after`, in key order. */
  list(bucket: string, prefix: string, after: string, limit: number): readonly DescribedObject[];
  read(object: StoredObject, range?: { start: number; end: number }): Readable;
}

export function createObjectStore(context: HomeContext): ObjectStore {
  const folder = join(context.folder, 's3');
  mkdirSync(folder, { recursive: true });
  const { database } = context;
  database.exec(`CREATE TABLE IF NOT EXISTS s3_buckets (name TEXT PRIMARY KEY, created INTEGER NOT NULL, region TEXT);
    CREATE TABLE IF NOT EXISTS s3_objects (bucket TEXT, key TEXT, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
      content_type TEXT NOT NULL, modified INTEGER NOT NULL, metadata TEXT NOT NULL, PRIMARY KEY (bucket, key))`);
  // A home of before there were regions.
  const columns = database.prepare('PRAGMA table_info(s3_buckets)').all();
  if (!columns.some(({ name }) => name === 'region')) database.exec('ALTER TABLE s3_buckets ADD COLUMN region TEXT');
  const one = database.prepare('SELECT * FROM s3_objects WHERE bucket = ? AND key = ?');
  const some = database.prepare(
    'SELECT * FROM s3_objects WHERE bucket = ? AND substr(key, 1, length(?)) = ? AND key > ? ORDER BY key LIMIT ?',
  );
  const regionOf = (bucket: string) => {
    const row = database.prepare('SELECT region FROM s3_buckets WHERE name = ?').get(bucket);
    return row === undefined ? null : String(row.region ?? context.region);
  };
  const hasBucket = (bucket: string) => regionOf(bucket) !== null;
  const requireBucket = (bucket: string) => {
    if (!hasBucket(bucket)) throw noSuchBucket(bucket);
  };
  const get = (bucket: string, key: string) => {
    requireBucket(bucket);
    const row = one.get(bucket, key);
    return row === undefined ? null : fromRow(row, folder);
  };
  const offers = createOffers();
  const obtain = async (bucket: string, key: string) => {
    const stored = get(bucket, key);
    if (stored !== null) return stored;
    await offers.of(bucket, key)?.produce(key);
    return get(bucket, key);
  };
  return {
    hasBucket,
    regionOf,
    get,
    offer: offers.add,
    obtain,
    describe: (bucket, key) => get(bucket, key) ?? (offers.of(bucket, key) === null ? null : offered(key)),
    createBucket(bucket, region = context.region) {
      const there = regionOf(bucket);
      if (there !== null && there !== region) {
        const message = 'Your previous request to create the named bucket succeeded and you already own it.';
        throw new AwsError('BucketAlreadyOwnedByYou', message, 409);
      }
      database
        .prepare('INSERT OR IGNORE INTO s3_buckets (name, created, region) VALUES (?, ?, ?)')
        .run(bucket, Date.now(), region);
    },
    deleteBucket(bucket) {
      requireBucket(bucket);
      if (some.all(bucket, '', '', '', 1).length > 0)
        throw new AwsError('BucketNotEmpty', `The bucket ${bucket} is not empty.`, 409);
      database.prepare('DELETE FROM s3_buckets WHERE name = ?').run(bucket);
      offers.remove(bucket);
    },
    buckets() {
      const rows = database.prepare('SELECT * FROM s3_buckets ORDER BY name').all();
      return rows.map((row) => ({ name: String(row.name), created: new Date(Number(row.created)) }));
    },
    async put(bucket, key, body, about = {}) {
      requireBucket(bucket);
      const file = randomUUID();
      const md5 = createHash('md5');
      const size = await write(join(folder, file), body, [md5]);
      const before = get(bucket, key);
      database
        .prepare('INSERT OR REPLACE INTO s3_objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
        .run(
          bucket,
          key,
          file,
          size,
          about.partsEtag ?? md5.digest('hex'),
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
      const stored = some.all(bucket, prefix, prefix, after, limit).map((row) => fromRow(row, folder));
      const keys = offers.keys(bucket).filter((key) => key.startsWith(prefix) && key > after);
      const missing = keys.filter((key) => one.get(bucket, key) === undefined).map(offered);
      return [...stored, ...missing].sort((a, b) => Buffer.compare(bytesOf(a), bytesOf(b))).slice(0, limit);
    },
    read: (object, range) => createReadStream(object.file, range ?? {}),
  };
}

export function noSuchBucket(bucket: string): AwsError {
  return new AwsError('NoSuchBucket', `The bucket ${bucket} does not exist.`, 404);
}

/** Of its size and its bytes nothing is known yet. */
function offered(key: string): DescribedObject {
  return { key, size: 0, etag: '', contentType: 'binary/octet-stream', modified: new Date(), metadata: {} };
}

/** S3's order is that of UTF-8, as is SQLite's. */
const bytesOf = ({ key }: DescribedObject) => Buffer.from(key);

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
