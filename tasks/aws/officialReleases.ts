/** Whether the etcd project publishes a release: a HEAD request for its archive, answered or redirected. */
import { request } from 'node:https';
import { officialUrl } from '#etcd/releases.ts';

const timeoutMs = 5_000;

/** Those of the versions that can be downloaded from here. */
export async function officialReleases(versions: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(versions.map(isPublished));
  return versions.filter((_, index) => found[index]);
}

function isPublished(version: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(officialUrl(version, 'amd64'), { method: 'HEAD', timeout: timeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 || response.statusCode === 302);
    });
    asked.once('error', () => resolve(false));
    asked.once('timeout', () => {
      asked.destroy();
      resolve(false);
    });
    asked.end();
  });
}
