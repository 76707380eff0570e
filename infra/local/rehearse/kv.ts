/**
 * Reads and writes as a client of the cluster does them, through the API that a version has by itself: v2 up to 2.3. In the clear,
 * or with the certificate that this process was given (`presentToEtcd`).
 */
import { gatewayPrefix } from '#etcd/minors.ts';
import { etcdUrl, exchangeWithEtcd } from '../../../agent/machine/etcdHttp.ts';

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
      address,
      `/v2/keys/${key}`,
      'PUT',
      `value=${encodeURIComponent(value)}`,
      'application/x-www-form-urlencoded',
      timeoutMs,
    );
    return;
  }
  const body = JSON.stringify({ key: base64(key), value: base64(value) });
  await call(address, `${prefix}/kv/put`, 'POST', body, 'application/json', timeoutMs);
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
    const path = `/v2/keys/${key}?quorum=true`;
    const answer = (await call(address, path, 'GET', undefined, undefined, timeoutMs)) as { node?: { value: string } };
    return answer.node?.value ?? null;
  }
  const body = JSON.stringify({ key: base64(key) });
  const answer = (await call(address, `${prefix}/kv/range`, 'POST', body, 'application/json', timeoutMs)) as {
    kvs?: { value: string }[];
  };
  const value = answer.kvs?.[0]?.value;
  return value === undefined ? null : text(value);
}

interface V2Node {
  readonly key: string;
  readonly value?: string;
  readonly nodes?: readonly V2Node[];
}

/** Every key below a folder, with its value, as one member has it after a linearizable read. */
export async function readFolder(
  address: string,
  version: string,
  folder: string,
  timeoutMs = longestMs,
): Promise<ReadonlyMap<string, string>> {
  const prefix = gatewayPrefix(version);
  if (prefix === null) {
    const path = `/v2/keys/${folder}?quorum=true&recursive=true`;
    const { node } = (await call(address, path, 'GET', undefined, undefined, timeoutMs)) as { node?: V2Node };
    return new Map((node?.nodes ?? []).map(({ key, value = '' }) => [key.slice(1), value]));
  }
  const found = new Map<string, string>();
  for (let from = `${folder}/`; ; ) {
    // Up to the next character after the slash: all keys of the folder.
    const body = JSON.stringify({ key: base64(from), range_end: base64(`${folder}0`), limit: keysOfPage });
    const answer = (await call(address, `${prefix}/kv/range`, 'POST', body, 'application/json', timeoutMs)) as V3Page;
    for (const { key, value = '' } of answer.kvs ?? []) found.set(text(key), text(value));
    if (answer.more !== true) return found;
    from = `${[...found.keys()].at(-1)}\0`;
  }
}

interface V3Page {
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
  readonly more?: boolean;
}

const keysOfPage = 5_000;

async function call(
  address: string,
  path: string,
  method: string,
  body?: string,
  type = 'application/json',
  timeoutMs = longestMs,
): Promise<unknown> {
  const sent = body === undefined ? {} : { body, headers: { 'content-type': type } };
  const { status, body: said } = await exchangeWithEtcd({ address, path, method, timeoutMs, ...sent });
  const isOk = status >= 200 && status < 300;
  const isThere = status !== 404 || (JSON.parse(said) as { errorCode?: number }).errorCode !== v2KeyNotFound;
  if (!isOk && isThere) throw new Error(`${method} ${etcdUrl(address, path)}: ${status} ${said}`);
  return JSON.parse(said);
}

function base64(plain: string): string {
  return Buffer.from(plain, 'utf8').toString('base64');
}

function text(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString('utf8');
}

/** Whether the call certainly had no effect: nobody listened, so it was never sent. */
export function wasNeverSent(error: unknown): boolean {
  return (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED';
}
