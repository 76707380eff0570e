/** Reads and writes as a client of the cluster does them, through the API that the version has. */
import { gatewayPrefix } from '#etcd/minors.ts';

const longestMs = 10_000;
/** Of etcd's v2 API. */
const v2KeyNotFound = 100;

/** Writes a key at one member; resolves once it is acknowledged. */
export async function write(
  address: string,
  version: string,
  key: string,
  value: string,
  timeoutMs = longestMs,
): Promise<void> {
  const prefix = gatewayPrefix(version);
  if (prefix === null) {
    await call(
      `http://${address}:2379/v2/keys/${key}`,
      'PUT',
      `value=${encodeURIComponent(value)}`,
      'application/x-www-form-urlencoded',
      timeoutMs,
    );
    return;
  }
  const body = JSON.stringify({ key: base64(key), value: base64(value) });
  await call(`http://${address}:2379${prefix}/kv/put`, 'POST', body, 'application/json', timeoutMs);
}

/** Reads a key at one member, linearizable; null where it is not there. */
export async function read(
  address: string,
  version: string,
  key: string,
  timeoutMs = longestMs,
): Promise<string | null> {
  const prefix = gatewayPrefix(version);
  if (prefix === null) {
    const url = `http://${address}:2379/v2/keys/${key}?quorum=true`;
    const answer = (await call(url, 'GET', undefined, undefined, timeoutMs)) as { node?: { value: string } };
    return answer.node?.value ?? null;
  }
  const url = `http://${address}:2379${prefix}/kv/range`;
  const body = JSON.stringify({ key: base64(key) });
  const answer = (await call(url, 'POST', body, 'application/json', timeoutMs)) as { kvs?: { value: string }[] };
  const value = answer.kvs?.[0]?.value;
  return value === undefined ? null : Buffer.from(value, 'base64').toString('utf8');
}

async function call(
  url: string,
  method: string,
  body?: string,
  type = 'application/json',
  timeoutMs = longestMs,
): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    ...(body !== undefined && { body, headers: { 'content-type': type } }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await answer.text();
  const isThere = answer.status !== 404 || (JSON.parse(text) as { errorCode?: number }).errorCode !== v2KeyNotFound;
  if (!answer.ok && isThere) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Whether the call certainly had no effect: nobody listened, so it was never sent. */
export function wasNeverSent(error: unknown): boolean {
  return (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED';
}
