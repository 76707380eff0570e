/** How long it takes to an address and back, by TCP, whether or not anything listens there. */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RoundTripOptions {
  readonly address: string;
  readonly port: number;
  readonly tries: number;
  /** Milliseconds for each try. */
  readonly timeoutMs: number;
}

const betweenMs = 50;

/**
 * The shortest of several tries, in milliseconds. Where nobody listens, the refusal takes one round trip. Where somebody does, a connection
 * and the first answer take two: each other try asks in the clear and over TLS, since a server of either kind may hang up on the other.
 * @throws Error where no try came back: no route, or a security group that drops what is sent
 */
export async function roundTripMs(options: RoundTripOptions): Promise<number> {
  const { address, port, tries, timeoutMs } = options;
  const answered: number[] = [];
  const hungUp: number[] = [];
  for (let attempt = 0; attempt < tries; attempt++) {
    if (attempt > 0) await sleep(betweenMs);
    const came = await once(options, attempt % 2 === 0 ? 'http' : 'tls');
    if (came.back === 'answer') answered.push(came.ms / 2);
    if (came.back === 'refusal') answered.push(came.ms);
    if (came.back === 'end') hungUp.push(came.ms);
    // What drops one packet drops all of them: nobody has to wait for as many deadlines.
    if (came.back === 'nothing' && attempt > 0 && answered.length + hungUp.length === 0) break;
  }
  const times = answered.length > 0 ? answered : hungUp;
  if (times.length === 0) throw new Error(`${address}:${port} does not answer within ${timeoutMs} ms`);
  return Math.min(...times);
}

interface Came {
  /** `end`: somebody listened and said nothing. */
  readonly back: 'answer' | 'refusal' | 'end' | 'nothing';
  /** From the beginning. */
  readonly ms: number;
}

async function once({ address, port, timeoutMs }: RoundTripOptions, how: 'http' | 'tls'): Promise<Came> {
  const tls = how === 'tls' ? await import('node:tls') : null;
  return new Promise((resolve) => {
    const beganAt = performance.now();
    let connected = false;
    // Who answers does not matter here, and nothing is sent to it.
    const connection: Socket =
      tls === null
        ? createConnection({ host: address, port })
        : tls.connect({ host: address, port, rejectUnauthorized: false });
    const end = (back: Came['back']) => {
      clearTimeout(timer);
      connection.destroy();
      resolve({ back, ms: performance.now() - beganAt });
    };
    const timer = setTimeout(() => end('nothing'), timeoutMs);
    connection.once('connect', () => {
      connected = true;
      if (tls === null) connection.write('GET /version HTTP/1.0\r\n\r\n');
    });
    connection.once(tls === null ? 'data' : 'secureConnect', () => end('answer'));
    connection.once('end', () => end('end'));
    connection.once('error', ({ code = '' }: NodeJS.ErrnoException) => {
      // An alert, or an answer in the clear: it came back.
      if (code.startsWith('ERR_SSL_') || code === 'EPROTO') end('answer');
      else if (connected) end('end');
      else end(code === 'ECONNREFUSED' ? 'refusal' : 'nothing');
    });
  });
}
