import { CopyObjectCommand, S3Client } from '@aws-sdk/client-s3';

const client = new S3Client({});

export async function copyObject(fromBucket: string, fromKey: string, Bucket: string, Key: string): Promise<void> {
  const CopySource = `${fromBucket}/${fromKey.split('/').map(encodeURIComponent).join('/')}`;
  await client.send(new CopyObjectCommand({ CopySource, Bucket, Key }));
}
