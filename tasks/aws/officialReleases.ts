/** Whether the etcd project publishes a release: a HEAD request for its archive, answered or redirected. */

import { request } from 'node:https';
import { officialUrl } from '#etcd/releases.ts';

const timeoutMs = 3_000;
const tries = 3;
const pauseMs = 500;

/** Those of the versions that can be downloaded from here. */
export async function officialReleases(versions: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(versions.map(isPublished));
  return versions.filter((_, index) => found[index]);
}

/** Only "not found" says that there is none; anything else may pass, and is asked again. */
async function isPublished(version: string): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const status = await statusOf(version);
    if (status === 200 || status === 302) return true;
    if (status === 404 || attempt === tries) return false;
    await new Promise((resolve) => setTimeout(resolve, attempt * pauseMs));
  }
}

/** Null where there was no answer. */
function statusOf(version: string): Promise<number | null> {
  return new Promise((resolve) => {
    const asked = request(officialUrl(version, 'amd64'), { method: 'HEAD', timeout: timeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode ?? null);
    });
    asked.once('error', () => resolve(null));
    asked.once('timeout', () => {
      asked.destroy();
      resolve(null);
    });
    asked.end();
  });
}
