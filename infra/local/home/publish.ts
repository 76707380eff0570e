/** What lies in buckets before a stack can use it: the assembly's file assets, the etcd release. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { bucketKeys } from '../../../agent/protocol.ts';
import type { FileAsset } from '../cloudformation/assembly.ts';
import type { ObjectStore } from '../s3/store.ts';

/** As `cdk bootstrap` names the bucket of file assets (default qualifier). Zip assets stay folders: bundles run from there. */
export async function publishAssets(
  objects: ObjectStore,
  assets: readonly FileAsset[],
  { account, region }: { readonly account: string; readonly region: string },
): Promise<void> {
  const bucket = `cdk-hnb659fds-assets-${account}-${region}`;
  objects.createBucket(bucket, region);
  for (const { key, path, packaging } of assets) {
    if (packaging === 'file' && objects.get(bucket, key) === null)
      await objects.put(bucket, key, createReadStream(path));
  }
}

/** Puts an etcd release where agents look for it; the sum goes second, so that it never names half an archive. */
export async function publishRelease(
  objects: ObjectStore,
  bucket: string,
  version: string,
  path: string,
  sha256: string,
): Promise<void> {
  const key = bucketKeys.etcdRelease(version, process.arch === 'arm64' ? 'arm64' : 'amd64');
  const sum = objects.get(bucket, `${key}.sha256`);
  const whole = sum !== null && objects.get(bucket, key) !== null;
  if (whole && (await text(objects.read(sum))) === sha256) return;
  await objects.put(bucket, key, createReadStream(path), { contentType: 'application/gzip' });
  await objects.put(bucket, `${key}.sha256`, Readable.from([Buffer.from(sha256)]), { contentType: 'text/plain' });
}

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8').trim();
}
