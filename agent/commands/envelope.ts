/** Checks a command before anything is done with it. */
import * as v from 'valibot';
import { Fault } from '#etcd/faults.ts';
import { longestElectionMs } from '#etcd/timing.ts';
import { transports } from '#etcd/transport.ts';
import { isSupported } from '#etcd/versions.ts';
import { type CommandEnvelope, longestPayload, payloadPattern } from '../protocol.ts';

const id = v.pipe(v.string('text'), v.regex(/^[\w.:@/-]{1,300}$/, 'up to 300 letters, digits and . : @ / _ -'));
const memberName = v.pipe(
  v.string('text'),
  v.regex(/^[\w.-]{1,64}$/, 'a member name: up to 64 letters, digits and . _ -'),
);
const memberNames = v.pipe(v.array(memberName, 'a list of member names'), v.maxLength(15, 'at most 15 members'));
const whole = (least: number, most: number) => {
  const allowed = `a whole number from ${least} to ${most}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(least, allowed), v.maxValue(most, allowed));
};
const positive = (most: number) => whole(1, most);

const release = v.pipe(v.string('X.Y.Z of a known minor'), v.check(isSupported, 'X.Y.Z of a known minor'));
const timeoutMs = positive(86_400_000);
const clusterVersion = v.pipe(v.string('text'), v.regex(/^(\d\.\d\.0)?$/, 'X.Y.0, or nothing'));
const snapshotCount = whole(0, 1_000_000);
const ipv4 = v.pipe(v.string('text'), v.ipv4('an IPv4 address'));
const timing = v.strictObject({
  heartbeatIntervalMs: whole(10, 10_000),
  electionTimeoutMs: whole(50, longestElectionMs),
});
const fingerprint = v.pipe(v.string('text'), v.regex(/^[0-9a-f]{64}$/, 'a SHA-256 fingerprint: 64 hex digits'));

const common = {
  id,
  taskToken: v.optional(
    v.pipe(v.string('text'), v.maxLength(2048, 'up to 2048 characters'), v.minLength(1, 'a task token')),
  ),
  heartbeatSeconds: v.optional(positive(3_600)),
  fencingToken: v.optional(positive(Number.MAX_SAFE_INTEGER)),
};

const envelope = v.variant(
  'command',
  [
    v.strictObject({ command: v.literal('describe'), ...common, input: v.strictObject({ commandId: v.optional(id) }) }),
    v.strictObject({
      command: v.literal('awaitHealthy'),
      ...common,
      input: v.strictObject({
        members: memberNames,
        etcdVersion: v.nullable(release),
        timeoutMs,
      }),
    }),
    v.strictObject({
      command: v.literal('awaitNewMember'),
      ...common,
      input: v.strictObject({ knownMembers: memberNames, timeoutMs }),
    }),
    v.strictObject({
      command: v.literal('awaitMemberGone'),
      ...common,
      input: v.strictObject({ name: memberName, timeoutMs }),
    }),
    v.strictObject({ command: v.literal('survey'), ...common, input: v.strictObject({}) }),
    v.strictObject({
      command: v.literal('installRelease'),
      ...common,
      input: v.strictObject({ version: release }),
    }),
    v.strictObject({
      command: v.literal('upgradeMember'),
      ...common,
      // It changes a member for an operation: whose, it must say.
      fencingToken: positive(Number.MAX_SAFE_INTEGER),
      input: v.strictObject({ version: release, snapshotCount, v2Api: v.boolean('true or false'), timeoutMs }),
    }),
    v.strictObject({
      command: v.literal('secureMember'),
      ...common,
      fencingToken: positive(Number.MAX_SAFE_INTEGER),
      input: v.strictObject({
        transport: v.picklist(transports, transports.join(', ')),
        trusted: v.pipe(v.array(fingerprint, 'a list of fingerprints'), v.maxLength(4, 'at most 4 fingerprints')),
        issuer: v.union([fingerprint, v.literal('')], 'a fingerprint, or nothing'),
        timeoutMs,
      }),
    }),
    v.strictObject({
      command: v.literal('awaitClusterVersion'),
      ...common,
      input: v.strictObject({ clusterVersion, timeoutMs }),
    }),
    v.strictObject({
      command: v.literal('backUp'),
      ...common,
      input: v.strictObject({
        operation: v.pipe(v.string('text'), v.regex(/^[\w.-]{1,100}$/, 'up to 100 letters, digits and . _ -')),
        format: v.picklist(['db', 'tar.gz'], 'db or tar.gz'),
        timeoutMs,
      }),
    }),
    v.strictObject({ command: v.literal('checkV2Store'), ...common, input: v.strictObject({}) }),
    v.strictObject({
      command: v.literal('deleteV2Keys'),
      ...common,
      fencingToken: positive(Number.MAX_SAFE_INTEGER),
      input: v.strictObject({}),
    }),
    v.strictObject({ command: v.literal('takeRaftSnapshot'), ...common, input: v.strictObject({ timeoutMs }) }),
    v.strictObject({
      command: v.literal('measureRoundTrips'),
      ...common,
      input: v.strictObject({
        addresses: v.pipe(v.array(ipv4, 'a list of IPv4 addresses'), v.maxLength(15, 'at most 15 addresses')),
        timeoutMs: positive(60_000),
      }),
    }),
    v.strictObject({
      command: v.literal('awaitTiming'),
      ...common,
      input: v.strictObject({ timing, timeoutMs }),
    }),
  ],
  'describe, awaitHealthy, awaitNewMember, awaitMemberGone, survey, installRelease, upgradeMember, secureMember, awaitClusterVersion, backUp, checkV2Store, deleteV2Keys, takeRaftSnapshot, measureRoundTrips or awaitTiming',
);

/**
 * Reads the payload of Run Command.
 * @throws Fault `InvalidInput`, naming the field and what is allowed
 */
export function parseEnvelope(payload: string): CommandEnvelope {
  if (payload.length > longestPayload || !new RegExp(payloadPattern).test(payload))
    throw new Fault('InvalidInput', `the payload is not base64 of 1 to ${longestPayload} characters`);
  const sent = json(payload);
  // To valibot a list is an object, too.
  if (isObject(sent) && Array.isArray(sent.input))
    throw new Fault('InvalidInput', 'input is a list; allowed: an object');
  const parsed = v.safeParse(envelope, sent);
  if (!parsed.success) throw refusal(parsed.issues[0]);
  return parsed.output as CommandEnvelope;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function json(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
  } catch (error) {
    throw new Fault('InvalidInput', `the payload is no JSON: ${(error as Error).message}`);
  }
}

function refusal(issue: v.BaseIssue<unknown>): Fault {
  const path = issue.path?.map(({ key }) => String(key)).join('.') || 'command';
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return new Fault('InvalidInput', `the command has an unknown field ${path}`);
  if (issue.input === undefined) return new Fault('InvalidInput', `the command lacks the field ${path}`);
  const given = JSON.stringify(issue.input)?.slice(0, 100);
  const allowed = issue.type === 'strict_object' || issue.type === 'object' ? 'an object' : issue.message;
  return new Fault('InvalidInput', `${path} is ${given}; allowed: ${allowed}`);
}
