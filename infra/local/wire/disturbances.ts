/**
 * Faults at the wire, for tests and rehearsals: calls that AWS throttles, fails, loses, delays, or answers with half of the
 * truth or an old one; in one region or in all. Rules live as long as the home is open: a fault is no state.
 */
import {
  answeringServices,
  answerKinds,
  type Call,
  chance,
  type Disturbance,
  decides,
  failed,
  halved,
  isFor,
  shortPage,
  throttled,
  wholeInput,
} from './disturbanceRules.ts';
import { Recollection } from './recollection.ts';

export interface DisturbanceHandle {
  /** How many calls it has disturbed. */
  readonly applied: number;
  remove(): void;
}

export interface Disturbances {
  /** Rules are tried in the order in which they were added. @throws TypeError naming the field that is not allowed */
  add(disturbance: Disturbance): DisturbanceHandle;
  removeAll(): void;
  /**
   * Does a call under the rules.
   * @param input null where the service is not decoded
   * @throws AwsError where a rule fails it, Dropped where its connection is to be closed
   */
  around(call: Call, input: unknown, work: (input: unknown, answerLost: boolean) => unknown): Promise<unknown>;
  /** Ends all delays. */
  close(): void;
}

/** No answer: the connection is closed. */
export class Dropped extends Error {
  override readonly name = 'Dropped';
}

interface Rule {
  readonly disturbance: Disturbance;
  matched: number;
  applied: number;
}

type Applied<Kind extends Disturbance['kind']> = Disturbance & { readonly kind: Kind };
type Output = Readonly<Record<string, unknown>>;

const defaultAgeMs = 5_000;

/** @param services the names of all services */
export function createDisturbances(services: readonly string[]): Disturbances {
  const rules = new Set<Rule>();
  const recollection = new Recollection();
  const closing = new AbortController();

  /** Those that disturb this call, counted. */
  function applying(call: Call): readonly Rule[] {
    return [...rules].filter((rule) => {
      const { disturbance } = rule;
      if (!isFor(disturbance, call) || rule.applied >= (disturbance.times ?? Number.POSITIVE_INFINITY)) return false;
      const applies = decides(disturbance, rule.matched++);
      if (applies) rule.applied++;
      return applies;
    });
  }

  return {
    add(disturbance) {
      check(disturbance, services);
      const rule: Rule = { disturbance, matched: 0, applied: 0 };
      rules.add(rule);
      return {
        get applied() {
          return rule.applied;
        },
        remove: () => void rules.delete(rule),
      };
    },
    removeAll: () => rules.clear(),
    async around(call, input, work) {
      const applied = applying(call);
      const first = <Kind extends Disturbance['kind']>(kind: Kind) =>
        applied.map(({ disturbance }) => disturbance).find((one): one is Applied<Kind> => one.kind === kind);
      for (const { disturbance } of applied)
        if (disturbance.kind === 'delay') await sleep(disturbance.delayMs, closing.signal);
      before(applied, call.service);
      const lost = first('drop') !== undefined;
      const short = first('shortPages');
      const whole = short === undefined ? null : wholeInput(input as Output);
      let output = await work(whole?.input ?? input, lost);
      if (lost) throw new Dropped('a rule lost the answer');
      if (input !== null && answeringServices.includes(call.service)) {
        const asked = `${call.region} ${call.service} ${call.operation} ${JSON.stringify(input)}`;
        recollection.keep(asked, output, Date.now());
        const stale = first('stale');
        if (stale !== undefined) output = recollection.recall(asked, Date.now() - (stale.ageMs ?? defaultAgeMs));
      }
      if (short !== undefined) output = shortPage(output as Output, whole?.from ?? 0, short.pageSize);
      const partial = applied.find(({ disturbance: { kind } }) => kind === 'partialPage');
      if (partial === undefined) return output;
      return halved(output as Output, chance(partial.disturbance.seed ?? 1, partial.matched) * 2 ** 31);
    },
    close: () => closing.abort(),
  };
}

/** Throws what the first rule says that keeps the call from being done. */
function before(applied: readonly Rule[], service: string): void {
  for (const { disturbance } of applied) {
    if (disturbance.kind === 'throttle') throw throttled(service);
    if (disturbance.kind === 'error') throw failed(disturbance);
    if (disturbance.kind === 'drop' && disturbance.when !== 'after') throw new Dropped('a rule dropped the call');
  }
}

function check({ service, kind, times = 1, probability = 1 }: Disturbance, services: readonly string[]): void {
  if (!services.includes(service)) throw new TypeError(`service is '${service}'; allowed: ${services.join(', ')}`);
  if (answerKinds.includes(kind) && !answeringServices.includes(service))
    throw new TypeError(`service is '${service}'; allowed for ${kind}: ${answeringServices.join(', ')}`);
  if (!Number.isInteger(times) || times < 1) throw new TypeError(`times is ${times}; allowed: 1 and more`);
  if (!(probability >= 0 && probability <= 1)) throw new TypeError(`probability is ${probability}; allowed: 0 to 1`);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Dropped('the home is closed'));
    });
  });
}
