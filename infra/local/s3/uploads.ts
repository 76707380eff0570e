/** Multipart uploads: parts in files below DIR/s3 until they are put together or given up, everything else in SQLite. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AwsError, type HomeContext } from '../wire/service.ts';
import { type Completed, chosen, composed, type NamedPart, type Part } from './composition.ts';
import { write } from './files.ts';
import { noSuchBucket, type ObjectStore } from './store.ts';

export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiated: Date;
  readonly about: AboutUpload;
  /** What it became; null where it is under way. */
  readonly completed: Completed | null;
}

export interface AboutUpload {
  readonly contentType: string;
  readonly metadata: Record<string, string>;
  /** Whether every part must come, and be named, with its SHA-256. */
  readonly withSha256: boolean;
}

export interface Uploads {
  /** @throws AwsError `NoSuchBucket` */
  create(bucket: string, key: string, about: AboutUpload): Upload;
  /** One that is under way. @throws AwsError `NoSuchUpload` */
  find(id: string, bucket: string, key: string): Upload;
  /** Those that are under way. */
  list(bucket: string): readonly Upload[];
  /** Keeps a part, instead of one that had its number. @throws AwsError `NoSuchUpload`, and what its bytes end with */
  put(upload: Upload, number: number, body: Readable): Promise<Part>;
  /** Makes the object of these parts; asked once more, it says the same. @throws AwsError as S3 does */
  complete(id: string, bucket: string, key: string, parts: readonly NamedPart[]): Promise<Completed>;
  abort(upload: Upload): void;
}

export function createUploads({ folder, database }: HomeContext, store: ObjectStore): Uploads {
  database.exec(`CREATE TABLE IF NOT EXISTS s3_uploads (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL,
      initiated INTEGER NOT NULL, about TEXT NOT NULL, completed TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS s3_parts (upload TEXT, number INTEGER, file TEXT NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL,
      sha256 TEXT NOT NULL, PRIMARY KEY (upload, number))`);
  const partsOf = (id: string) =>
    database
      .prepare('SELECT * FROM s3_parts WHERE upload = ?')
      .all(id)
      .map((row) => partFromRow(row, join(folder, 's3')));
  const known = (id: string, bucket: string, key: string) => {
    const row = database
      .prepare('SELECT * FROM s3_uploads WHERE id = ? AND bucket = ? AND key = ?')
      .get(id, bucket, key);
    if (row === undefined) throw noSuchUpload();
    return uploadFromRow(row);
  };
  const find = (id: string, bucket: string, key: string) => {
    const upload = known(id, bucket, key);
    if (upload.completed !== null) throw noSuchUpload();
    return upload;
  };
  const dropParts = (id: string) => {
    for (const { file } of partsOf(id)) rmSync(file, { force: true });
    database.prepare('DELETE FROM s3_parts WHERE upload = ?').run(id);
  };
  return {
    find,
    create(bucket, key, about) {
      if (!store.hasBucket(bucket)) throw noSuchBucket(bucket);
      const id = randomUUID().replaceAll('-', '');
      database
        .prepare('INSERT INTO s3_uploads VALUES (?, ?, ?, ?, ?, ?)')
        .run(id, bucket, key, Date.now(), JSON.stringify(about), 'null');
      return find(id, bucket, key);
    },
    list(bucket) {
      const rows = database.prepare('SELECT * FROM s3_uploads WHERE bucket = ? ORDER BY key, initiated').all(bucket);
      return rows.map(uploadFromRow).filter(({ completed }) => completed === null);
    },
    async put({ id, bucket, key }, number, body) {
      const name = randomUUID();
      const file = join(folder, 's3', name);
      const hashes = { md5: createHash('md5'), sha256: createHash('sha256') };
      const size = await write(file, body, Object.values(hashes));
      const part = { number, size, md5: hashes.md5.digest('hex'), sha256: hashes.sha256.digest('base64') };
      try {
        // It may have been completed or given up meanwhile.
        find(id, bucket, key);
      } catch (error) {
        rmSync(file, { force: true });
        throw error;
      }
      const before = partsOf(id).find((one) => one.number === number);
      database
        .prepare('INSERT OR REPLACE INTO s3_parts VALUES (?, ?, ?, ?, ?, ?)')
        .run(id, number, name, size, part.md5, part.sha256);
      if (before !== undefined) rmSync(before.file, { force: true });
      return part;
    },
    async complete(id, bucket, key, named) {
      const { about, completed: before } = known(id, bucket, key);
      if (before !== null) return before;
      const parts = chosen(partsOf(id), named, about.withSha256);
      const completed = composed(parts, about.withSha256);
      const { contentType, metadata } = about;
      await store.put(bucket, key, Readable.from(joined(parts)), { contentType, metadata, partsEtag: completed.etag });
      database.prepare('UPDATE s3_uploads SET completed = ? WHERE id = ?').run(JSON.stringify(completed), id);
      dropParts(id);
      return completed;
    },
    abort({ id }) {
      database.prepare('DELETE FROM s3_uploads WHERE id = ?').run(id);
      dropParts(id);
    },
  };
}

type StoredPart = Part & { readonly file: string };

async function* joined(parts: readonly StoredPart[]): AsyncGenerator<Buffer> {
  for (const { file } of parts) yield* createReadStream(file);
}

function noSuchUpload(): AwsError {
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
  return new AwsError('NoSuchUpload', message, 404);
}

function uploadFromRow(row: Record<string, unknown>): Upload {
  return {
    id: String(row.id),
    bucket: String(row.bucket),
    key: String(row.key),
    initiated: new Date(Number(row.initiated)),
    about: JSON.parse(String(row.about)),
    completed: JSON.parse(String(row.completed)),
  };
}

function partFromRow(row: Record<string, unknown>, folder: string): StoredPart {
  return {
    number: Number(row.number),
    file: join(folder, String(row.file)),
    size: Number(row.size),
    md5: String(row.md5),
    sha256: String(row.sha256),
  };
}
