import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseEnvelope } from '../../../agent/commands/envelope.ts';
import { encodeCommand } from '../../../agent/protocol.ts';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
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
  const memberGone = { ...awaiting, command: 'awaitMemberGone', input: { name: 'i-1', timeoutMs: 1000 } } as const;

  test.each([describeCommand, awaiting, newMember, memberGone])('arrives as it was sent: %j', (command) => {
    expect(parseEnvelope(encodeCommand(command))).toEqual(command);
  });

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
    ['an empty task token', encode({ ...awaiting, taskToken: '' }), 'taskToken is ""; allowed: a task token'],
  ])('with %s is refused', (_what, payload, message) => {
    expect(() => parseEnvelope(String(payload))).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    expect(() => parseEnvelope(String(payload))).toThrow(message);
  });

  test('of any other form is refused as invalid input', () => {
    fc.assert(
      fc.property(fc.oneof(fc.base64String({ maxLength: 200 }), fc.jsonValue().map(encode)), (payload) => {
        expect(() => parseEnvelope(payload)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
      }),
    );
  });
});
