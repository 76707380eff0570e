import { CopyObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { environment } from './environment.ts';

const client = new S3Client({});

export async function copyObject(fromBucket: string, fromKey: string, Bucket: string, Key: string): Promise<void> {
  const CopySource = `${fromBucket}/${fromKey.split('/').map(encodeURIComponent).join('/')}`;
  await client.send(new CopyObjectCommand({ CopySource, Bucket, Key }));
}

/** A release of etcd in the cluster's bucket. */
export interface StoredRelease {
  /** X.Y.Z */
  readonly version: string;
  readonly arch: 'amd64' | 'arm64';
}

/** Those whose SHA-256 is there too. */
export async function listReleases(): Promise<readonly StoredRelease[]> {
  const keys = new Set<string>();
  const pages = paginateListObjectsV2({ client }, { Bucket: environment('BUCKET'), Prefix: 'releases/' });
  for await (const { Contents = [] } of pages) for (const { Key } of Contents) if (Key !== undefined) keys.add(Key);
  return [...keys].flatMap((key) => {
    const match = /^releases\/etcd-v(\d+\.\d+\.\d+)-linux-(amd64|arm64)\.tar\.gz$/.exec(key);
    if (match?.[1] === undefined || !keys.has(`${key}.sha256`)) return [];
    return [{ version: match[1], arch: match[2] as StoredRelease['arch'] }];
  });
}

/** The newest backup of the cluster with this token; null where there is none. `madeAt`: ISO 8601. */
export async function newestBackup(clusterToken: string): Promise<{ key: string; madeAt: string } | null> {
  const bucket = environment('BUCKET');
  let newest: { key: string; madeAt: string } | null = null;
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: `backups/${clusterToken}/` },
  ))
    for (const { Key: key = '', LastModified } of Contents) {
      const madeAt = LastModified?.toISOString() ?? '';
      if (newest === null || madeAt > newest.madeAt) newest = { key, madeAt };
    }
  return newest;
}
