/** The thread of a load (load.ts): offers the writes and notes what became of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { presentToEtcd } from '../../../agent/machine/etcdHttp.ts';
import type { TlsIdentity } from '../../../agent/machine/http.ts';
import { write } from './kv.ts';
import { type Attempt, type FromLoad, type LoadOptions, type LoadTarget, loadFolder, type ToLoad } from './load.ts';

const timeoutMs = 5_000;
const sayEveryMs = 250;

let shown: TlsIdentity | undefined;
const { everyMs, target: firstTarget } = workerData as LoadOptions;
let target = aimedAt(firstTarget);
const beganAtMs = Date.now();
const began = performance.now();
const now = () => performance.now() - began;
const attempts: Attempt[] = [];
const acknowledged: string[] = [];
const underWay = new Set<Promise<void>>();
let offered = 0;
let failed = 0;
let lastAckMs = 0;
let longestMs = 0;
let stoppedAtMs: number | null = null;

function aimedAt(next: LoadTarget): LoadTarget {
  // The same object goes on with its connections.
  const identity = JSON.stringify(next.identity) === JSON.stringify(shown) ? shown : next.identity;
  shown = identity;
  presentToEtcd(identity ?? null, next.orPlain ?? identity === undefined);
  return next;
}

async function attempt(): Promise<void> {
  const offeredAtMs = now();
  const { addresses, version } = target;
  const address = addresses[offered % addresses.length] ?? '';
  const key = `${loadFolder}/${offered++}`;
  const isAcknowledged = await write(address, version, key, key, timeoutMs).then(
    () => true,
    () => false,
  );
  const endedAtMs = now();
  attempts.push({ offeredAtMs, endedAtMs, acknowledged: isAcknowledged });
  if (!isAcknowledged) {
    failed++;
    return;
  }
  acknowledged.push(key);
  if (stoppedAtMs === null) longestMs = longestGapMs();
  lastAckMs = endedAtMs;
}

function longestGapMs(): number {
  return Math.max(longestMs, (stoppedAtMs ?? now()) - lastAckMs);
}

/** By the clock, so that a timer that comes late is made up for. */
async function offer(): Promise<void> {
  for (let next = now(); stoppedAtMs === null; next += everyMs) {
    await sleep(Math.max(0, next - now()));
    if (stoppedAtMs !== null) return;
    const done: Promise<void> = attempt().finally(() => underWay.delete(done));
    underWay.add(done);
  }
}

async function stop(): Promise<void> {
  if (stoppedAtMs !== null) return;
  longestMs = longestGapMs();
  stoppedAtMs = now();
  const record = { beganAtMs, lastedMs: stoppedAtMs, attempts };
  await Promise.all([offering, ...underWay]);
  clearInterval(saying);
  say({ result: { offered, failed, longestGapMs: longestMs, acknowledged, record } });
  parentPort?.close();
}

function say(message: FromLoad): void {
  parentPort?.postMessage(message);
}

const sayState = () => say({ state: { offered, failed, longestGapMs: longestGapMs() } });
const saying = setInterval(sayState, sayEveryMs);
parentPort?.on('message', (message: ToLoad) => {
  if ('stop' in message) return void stop();
  target = aimedAt(message.target);
  void Promise.all(underWay).then(() => say({ aimed: message.aim }));
});
const offering = offer();
sayState();
