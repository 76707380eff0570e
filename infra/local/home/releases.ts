/**
 * Every release of etcd that this machine can have, in the cluster's bucket as an operator would have put it there: listed
 * at once, and built or fetched when the first instance asks for it. What it does not do: releases that only the internet
 * has; instances fetch those from the etcd project by themselves.
 */
import { bucketKeys } from '../../../agent/protocol.ts';
import { releaseArchive } from '../binaries/archive.ts';
import { obtainableVersions } from '../binaries/obtainable.ts';
import type { Offer } from '../s3/offers.ts';
import type { ObjectStore } from '../s3/store.ts';
import { AwsError, type HomeContext } from '../wire/service.ts';
import { publishRelease } from './publish.ts';

/** Offers them in the bucket of this name, as long as the store is open. */
export function offerReleases({ log }: Pick<HomeContext, 'log'>, objects: ObjectStore, bucket: string): void {
  objects.offer(bucket, releaseOffer(objects, bucket, log));
}

function releaseOffer(objects: ObjectStore, bucket: string, log: (line: string) => void): Offer {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const making = new Map<string, Promise<void>>();

  async function make(version: string): Promise<void> {
    log(`s3: making the release of etcd ${version} for ${bucket}`);
    try {
      const { path, sha256 } = await releaseArchive(version);
      await publishRelease(objects, bucket, version, path, sha256);
    } catch (error) {
      log(`s3: ${(error as Error).message}`);
      throw new AwsError('InternalError', (error as Error).message, 500);
    }
  }

  return {
    keys: () =>
      obtainableVersions().flatMap((version) => {
        const key = bucketKeys.etcdRelease(version, arch);
        return [key, `${key}.sha256`];
      }),
    /** An archive and its sum are made together, so that they belong together. */
    produce(key) {
      const version = obtainableVersions().find((one) => key.startsWith(bucketKeys.etcdRelease(one, arch))) ?? '';
      const known = making.get(version);
      if (known !== undefined) return known;
      const made = make(version).finally(() => making.delete(version));
      making.set(version, made);
      return made;
    },
  };
}
