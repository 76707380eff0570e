import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { parseEnvelope } from '../../../agent/commands/envelope.ts';
import { encodeCommand } from '../../../agent/protocol.ts';

// Fuzzing on a busy machine.
jest.setTimeout(60_000);

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
/** A slow machine tries fewer. */
const bounded = { interruptAfterTimeLimit: 10_000 };

/** The JSON with one value put in, under whatever key: an own `__proto__`, too. */
function replaced(json: string, path: readonly string[], value: unknown): string {
  const mark = '"<here>"';
  const [outer = '', inner] = path;
  const object = JSON.parse(json) as Record<string, Record<string, unknown>>;
  const define = (target: object, key: string) =>
    Object.defineProperty(target, key, { value: '<here>', enumerable: true, configurable: true, writable: true });
  if (inner === undefined) define(object, outer);
  else define(object[outer] ?? {}, inner);
  return JSON.stringify(object).replace(mark, () => JSON.stringify(value));
}

function outcomeOf(payload: string): unknown {
  try {
    return parseEnvelope(payload);
  } catch (error) {
    return error;
  }
}

const describeCommand = { command: 'describe', id: 'run/describe/i-1/1', input: {} } as const;
const awaiting = {
  command: 'awaitHealthy',
  id: 'run/awaitHealthy/i-1/1',
  taskToken: 'AQ',
  heartbeatSeconds: 10,
  fencingToken: 3,
  input: { members: ['i-1'], etcdVersion: '3.5.35', timeoutMs: 1000 },
} as const;

describe('a command', () => {
  const newMember = {
    ...awaiting,
    command: 'awaitNewMember',
    input: { knownMembers: ['i-1', 'i-2'], timeoutMs: 1000 },
  } as const;
  const upgrading = {
    ...awaiting,
    command: 'upgradeMember',
    input: { version: '3.5.35', snapshotCount: 0, v2Api: false, timeoutMs: 1000 },
  } as const;
  const memberGone = { ...awaiting, command: 'awaitMemberGone', input: { name: 'i-1', timeoutMs: 1000 } } as const;

  const securing = {
    ...awaiting,
    command: 'secureMember',
    input: { transport: 'tls', trusted: ['a'.repeat(64)], issuer: '', timeoutMs: 1000 },
  } as const;

  test.each([describeCommand, awaiting, newMember, memberGone, upgrading, securing])(
    'arrives as it was sent: %j',
    (command) => {
      expect(parseEnvelope(encodeCommand(command))).toEqual(command);
    },
  );

  test.each<[string, unknown, string]>([
    ['no JSON', Buffer.from('hello!').toString('base64'), 'the payload is no JSON'],
    ['no base64', '{"command":1}', 'the payload is not base64 of 1 to 16384 characters'],
    ['nothing', '', 'the payload is not base64'],
    ['too much', 'A'.repeat(16_388), 'the payload is not base64 of 1 to 16384 characters'],
    ['shell', '$(reboot)', 'the payload is not base64'],
    [
      'an unknown verb',
      encode({ ...describeCommand, command: 'destroy' }),
      'command is "destroy"; allowed: describe, awaitHealthy, awaitNewMember, awaitMemberGone, survey, installRelease',
    ],
    ['no verb', encode({ id: 'a', input: {} }), 'command'],
    ['no id', encode({ command: 'describe', input: {} }), 'the command lacks the field id'],
    ['an odd id', encode({ ...describeCommand, id: 'a b' }), 'id is "a b"; allowed: up to 300 letters'],
    ['an unknown field', encode({ ...describeCommand, force: true }), 'the command has an unknown field force'],
    [
      'an unknown input',
      encode({ ...describeCommand, input: { all: 1 } }),
      'the command has an unknown field input.all',
    ],
    ['a list', encode([1, 2, 3]), 'command'],
    ['no input', encode({ ...awaiting, input: undefined }), 'the command lacks the field input'],
    [
      'an unknown version',
      encode({ ...awaiting, input: { ...awaiting.input, etcdVersion: '3.9.0' } }),
      'input.etcdVersion is "3.9.0"; allowed: X.Y.Z',
    ],
    [
      'an odd name',
      encode({ ...awaiting, input: { ...awaiting.input, members: ['a/b'] } }),
      'input.members.0 is "a/b"; allowed: a member name',
    ],
    [
      'a time below 1',
      encode({ ...awaiting, input: { ...awaiting.input, timeoutMs: 0 } }),
      'input.timeoutMs is 0; allowed: a whole number from 1 to 86400000',
    ],
    [
      'half a second',
      encode({ ...awaiting, heartbeatSeconds: 0.5 }),
      'heartbeatSeconds is 0.5; allowed: a whole number from 1 to 3600',
    ],
    ['a token as text', encode({ ...awaiting, fencingToken: '3' }), 'fencingToken is "3"; allowed: a whole number'],
    [
      'a transport that is none',
      encode({ ...securing, input: { ...securing.input, transport: 'https' } }),
      'input.transport is "https"; allowed: plain, both, tls',
    ],
    [
      'a fingerprint that is none',
      encode({ ...securing, input: { ...securing.input, trusted: ['a'] } }),
      'input.trusted.0 is "a"; allowed: a SHA-256 fingerprint',
    ],
    ['no fencing token', encode({ ...securing, fencingToken: undefined }), 'the command lacks the field fencingToken'],
    ['an empty task token', encode({ ...awaiting, taskToken: '' }), 'taskToken is ""; allowed: a task token'],
  ])('with %s is refused', (_what, payload, message) => {
    expect(() => parseEnvelope(String(payload))).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    expect(() => parseEnvelope(String(payload))).toThrow(message);
  });

  test('of any other form is refused as invalid input', () => {
    const payloads = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.base64String({ maxLength: 200 }),
      fc.jsonValue().map(encode),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    );
    fc.assert(
      fc.property(payloads, (payload) => {
        expect(() => parseEnvelope(payload)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
      }),
      bounded,
    );
  });

  test('of which one part is another arrives as it was sent, or is refused by that part', () => {
    const commands = [describeCommand, awaiting, newMember, memberGone, upgrading] as const;
    const keys = [
      'command',
      'id',
      'input',
      'taskToken',
      'heartbeatSeconds',
      'fencingToken',
      '__proto__',
      'constructor',
    ];
    const inside = ['commandId', 'members', 'etcdVersion', 'timeoutMs', 'version', 'snapshotCount', '__proto__'];
    const changed = fc.record({
      command: fc.constantFrom(...commands),
      path: fc.oneof(fc.tuple(fc.constantFrom(...keys)), fc.tuple(fc.constant('input'), fc.constantFrom(...inside))),
      value: fc.jsonValue(),
    });
    const property = fc.property(changed, ({ command, path, value }) => {
      const json = replaced(JSON.stringify(command), path, value);
      const payload = Buffer.from(json).toString('base64');
      const read = outcomeOf(payload);
      if (read instanceof Error) {
        expect(read).toMatchObject({
          name: 'InvalidInput',
          message: expect.not.stringMatching(/undefined|valibot| at /),
        });
      } else {
        expect(read).toEqual(JSON.parse(json));
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
    fc.assert(property, { ...bounded, numRuns: 1_000 });
  });
});
