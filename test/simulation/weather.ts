/** The faults of the moment, and how a call to AWS fares in them. */
import { AwsCallError } from '../../agent/machine/aws.ts';
import type { Life, World } from './world.ts';

export type Service = 'ec2' | 'autoscaling' | 'dynamodb';

/** Probabilities for each call. */
export interface ServiceWeather {
  error: number;
  throttle: number;
  /** Nothing comes back, and nothing was done. */
  drop: number;
  /** It was done, and the answer is lost. */
  lose: number;
  /** The answer is an old one, of at most `staleMs` ago. */
  stale: number;
  /** A list lacks one of its entries. */
  partial: number;
}

export interface Weather {
  readonly services: Readonly<Record<Service, ServiceWeather>>;
  /** Instance ids that do not reach AWS. */
  readonly cutFromAws: Set<string>;
  /** Sides of a network partition by address; all others are on side 0. */
  readonly sides: Map<string, number>;
  /** A live instance that EC2 and Auto Scaling both deny, for less than it takes to confirm a death. */
  denied: string | null;
  mayDenyAtMs: number;
  /** By instance id: milliseconds that its clock is ahead. */
  readonly clockAheadMs: Map<string, number>;
  /** The next agent that changes the membership crashes here. */
  crash: 'beforeChange' | 'afterChange' | 'afterAnswer' | null;
  /** Ends an agent's life. */
  crashLife: (life: Life) => void;
  /** Factor on the time that a newcomer needs to catch up. */
  slowness: number;
}

export const staleMs = 8_000;
const timeoutMs = 5_000;

export function clear(): ServiceWeather {
  return { error: 0, throttle: 0, drop: 0, lose: 0, stale: 0, partial: 0 };
}

export function createWeather(): Weather {
  return {
    services: { ec2: clear(), autoscaling: clear(), dynamodb: clear() },
    cutFromAws: new Set(),
    sides: new Map(),
    denied: null,
    mayDenyAtMs: 0,
    clockAheadMs: new Map(),
    crash: null,
    crashLife: () => {},
    slowness: 1,
  };
}

/** All faults end. */
export function clearUp(weather: Weather): void {
  for (const service of Object.values(weather.services)) Object.assign(service, clear());
  weather.cutFromAws.clear();
  weather.sides.clear();
  weather.crash = null;
  weather.denied = null;
  weather.slowness = 1;
}

/** Resolves the work's answer after a while in the life of an agent; never where that life has ended. */
export function later<T>({ timeline }: World, life: Life, delayMs: number, work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = () => {
      if (!life.alive) return;
      if (life.paused) {
        life.held.push(done);
        return;
      }
      try {
        resolve(work());
      } catch (error) {
        reject(error as Error);
      }
    };
    timeline.after(delayMs, done);
  });
}

/** A call to AWS as the weather lets it. The work is done at one moment between asking and answer. */
export async function call<T>(world: World, life: Life, service: Service, work: () => T): Promise<T> {
  const { random, weather } = world;
  const faults = weather.services[service];
  const [cut, dropped] = [weather.cutFromAws.has(life.instanceId), random.chance(faults.drop)];
  if (cut || dropped) return later(world, life, timeoutMs, () => raise(new Error(`${service} does not answer`)));
  const there = random.between(2, 40);
  if (random.chance(faults.error))
    return later(world, life, there, () => raise(new AwsCallError('InternalError', service)));
  if (random.chance(faults.throttle))
    return later(world, life, there, () => raise(new AwsCallError('ThrottlingException', service)));
  const lost = random.chance(faults.lose);
  const answer = await fate(world, there, work, life);
  if (lost) return later(world, life, timeoutMs, () => raise(new Error(`${service}: the answer is lost`)));
  return later(world, life, random.between(2, 40), () => (answer.ok ? answer.value : raise(answer.error)));
}

type Fate<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

/** Done at AWS, whatever becomes of the agent meanwhile. */
function fate<T>({ timeline }: World, delayMs: number, work: () => T, life: Life): Promise<Fate<T>> {
  return new Promise((resolve) => {
    timeline.after(delayMs, () => {
      let result: Fate<T>;
      try {
        result = { ok: true, value: work() };
      } catch (error) {
        result = { ok: false, error: error as Error };
      }
      if (life.alive) resolve(result);
    });
  });
}

export function raise(error: Error): never {
  throw error;
}
