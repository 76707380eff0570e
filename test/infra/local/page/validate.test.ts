import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonFault } from '../../../../infra/local/page/json.ts';
import {
  exampleInput,
  inputLimit,
  startedBy,
  validateInput,
  validateName,
  validateStart,
} from '../../../../infra/local/page/validate.ts';
import { machineArn } from './rehearsal.ts';

describe('a start', () => {
  test.each([
    [{ input: '{}' }, 'stateMachineArn', 'must be the ARN of a state machine'],
    [{ stateMachineArn: 7, input: '{}' }, 'stateMachineArn', 'must be the ARN'],
    [
      { stateMachineArn: machineArn.replace('stateMachine', 'execution'), input: '{}' },
      'stateMachineArn',
      'must be the ARN',
    ],
    [{ stateMachineArn: machineArn }, 'input', 'must be a string'],
    [{ stateMachineArn: machineArn, input: { cluster: 'etcd' } }, 'input', 'must be a string'],
    [{ stateMachineArn: machineArn, input: '' }, 'input', 'is empty'],
    [{ stateMachineArn: machineArn, input: '{\n"cluster":\n}' }, 'input', 'line 3, column 1: unexpected }'],
    [{ stateMachineArn: machineArn, input: '[]' }, 'input', 'must be a JSON object'],
    [{ stateMachineArn: machineArn, input: 'null' }, 'input', 'must be a JSON object'],
    [{ stateMachineArn: machineArn, input: '{}' }, 'input.cluster', 'is missing'],
    [{ stateMachineArn: machineArn, input: '{"cluster":3}' }, 'input.cluster', 'must be 1 to 31 lower-case'],
    [{ stateMachineArn: machineArn, input: '{"cluster":"Etcd"}' }, 'input.cluster', 'must be 1 to 31 lower-case'],
    [{ stateMachineArn: machineArn, input: `{"cluster":"${'a'.repeat(32)}"}` }, 'input.cluster', 'must be 1 to 31'],
    [{ stateMachineArn: machineArn, input: '{"cluster":"etcd","members":3}' }, 'input.members', 'unknown field'],
    [{ stateMachineArn: machineArn, input: '{"cluster":"etcd"}', name: 'two words' }, 'name', 'must not contain " "'],
    [{ stateMachineArn: machineArn, input: '{"cluster":"etcd"}', name: 7 }, 'name', 'must be a string'],
    [{ stateMachineArn: machineArn, input: '{"cluster":"etcd"}', retries: 7 }, 'retries', 'unknown field'],
    [{ stateMachineArn: machineArn, input: `"${'é'.repeat(inputLimit / 2)}"` }, 'input', `has ${inputLimit + 2} bytes`],
  ])('%j is refused at %s', (request, field, message) => {
    expect(validateStart(request)).toMatchObject({ ok: false, field, message: expect.stringContaining(message) });
  });

  test.each([
    { stateMachineArn: machineArn, input: '{"cluster":"etcd"}' },
    { stateMachineArn: machineArn, input: '{"cluster":"etcd-2"}', name: 'night.shift_2' },
    { stateMachineArn: machineArn.replace('ClusterBootstrap', 'Another'), input: '{"anything":[1]}' },
  ])('%j is taken as it is', (request) => {
    expect(validateStart(request)).toEqual({ ok: true, value: request });
  });

  test('an empty name is no name', () => {
    const request = { stateMachineArn: machineArn, input: '{"cluster":"etcd"}' };
    expect(validateStart({ ...request, name: '' })).toEqual({ ok: true, value: request });
  });
});

test.each(['', 'x'.repeat(81), 'a/b', 'a:b', 'a*', 'a"b', 'a\u0007', 'a{b', 'a[b', 'a<b', 'a\nb', 'a\u0085b'])(
  'the name %j is refused',
  (name) => {
    expect(validateName(name)).toMatchObject({ ok: false, field: 'name' });
  },
);

test('the input of a machine that the page does not know may be any object', () => {
  expect(validateInput('Another', '{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
});

describe('the input of RotateInstances', () => {
  const refusalOf = (input: unknown) => validateInput('etcd-etcd-RotateInstances', JSON.stringify(input));

  test.each([
    [{}, 'input.reason', 'is missing'],
    [{ reason: ' ' }, 'input.reason', 'must be a text of 1 to 256 characters'],
    [{ reason: 'r', instances: [] }, 'input.instances', 'must be "all" or a list'],
    [{ reason: 'r', instances: ['web-1'] }, 'input.instances', '"web-1" is none'],
    [{ reason: 'r', pauseBetweenSeconds: -1 }, 'input.pauseBetweenSeconds', 'a whole number from 0 to 86400'],
    [{ reason: 'r', dryRun: 'yes' }, 'input.dryRun', 'must be true or false'],
    [{ reason: 'r', cluster: 'etcd' }, 'input.cluster', 'unknown field'],
    [[], 'input', 'such as {"reason":"new machine image"}'],
  ])('%j is refused at %s', (input, field, message) => {
    expect(refusalOf(input)).toMatchObject({ ok: false, field, message: expect.stringContaining(message) });
  });

  test.each([
    { reason: 'new image' },
    { reason: 'r', instances: ['i-0123456789abcdef0'], pauseBetweenSeconds: 60, dryRun: true },
  ])('%j is taken as it is', (input) => {
    expect(refusalOf(input)).toEqual({ ok: true, value: input });
  });

  test('starts from an example that lacks only the reason', () => {
    const example = JSON.parse(exampleInput('etcd-etcd-RotateInstances', 'etcd')) as object;
    expect(refusalOf(example)).toMatchObject({ field: 'input.reason' });
    expect(refusalOf({ ...example, reason: 'new image' })).toMatchObject({ ok: true });
  });
});

describe('the input of RollingUpgrade', () => {
  const refusalOf = (input: unknown) => validateInput('etcd-etcd-RollingUpgrade', JSON.stringify(input));

  test.each([
    [{}, 'input.to', 'is missing'],
    [{ to: '3.6' }, 'input.to', 'must be a version X.Y.Z'],
    [{ action: 'resume', to: '3.6.16' }, 'input.to', 'does not go with the action'],
    [{ to: '3.6.16', version: 1 }, 'input.version', 'unknown field'],
    [[], 'input', 'such as {"to":"3.6.16"}'],
  ])('%j is refused at %s', (input, field, message) => {
    expect(refusalOf(input)).toMatchObject({ ok: false, field, message: expect.stringContaining(message) });
  });

  test.each([{ to: '3.6.16' }, { action: 'abandon' }, { to: '3.6.16', dryRun: true, strategy: 'replace' }])(
    '%j is taken as it is',
    (input) => expect(refusalOf(input)).toEqual({ ok: true, value: input }),
  );

  test('starts from an example that lacks only where to go', () => {
    const example = JSON.parse(exampleInput('etcd-etcd-RollingUpgrade', 'etcd')) as object;
    expect(refusalOf(example)).toMatchObject({ field: 'input.to' });
    expect(refusalOf({ ...example, to: '3.6.16' })).toMatchObject({ ok: true });
  });
});

describe('the input of RotateCertificateAuthority', () => {
  const machine = 'etcd-etcd-RotateCertificateAuthority';
  const refusalOf = (input: unknown) => validateInput(machine, JSON.stringify(input));

  test.each([
    [{ sign: 'soon' }, 'input.sign', 'must be "whenTrusted" or "now"'],
    [{ drop: 'soon' }, 'input.drop', 'must be "whenUnused" or "now"'],
    [{ reason: 'r' }, 'input.reason', 'unknown field; RotateCertificateAuthority takes action'],
    [[], 'input', 'such as {"dryRun":true}'],
  ])('%j is refused at %s', (input, field, message) => {
    expect(refusalOf(input)).toMatchObject({ ok: false, field, message: expect.stringContaining(message) });
  });

  test.each([{}, { action: 'rollBack' }, { sign: 'now', drop: 'now', dryRun: true }])('%j is taken as it is', (input) =>
    expect(refusalOf(input)).toEqual({ ok: true, value: input }),
  );

  test('starts from an example that changes nothing', () => {
    expect(JSON.parse(exampleInput(machine, 'etcd'))).toEqual({ dryRun: true });
  });
});

test('UpgradeHop is refused whatever its input, as RollingUpgrade starts it', () => {
  const stateMachineArn = machineArn.replace('ClusterBootstrap', 'UpgradeHop');
  expect(validateStart({ stateMachineArn, input: '{}' })).toMatchObject({
    ok: false,
    field: 'stateMachineArn',
    message: 'etcd-UpgradeHop is started by RollingUpgrade: start that instead',
  });
  expect(startedBy('etcd-UpgradeHop')).toBe('RollingUpgrade');
  expect(startedBy('etcd-RollingUpgrade')).toBeNull();
});

describe('jsonFault', () => {
  test.each([
    ['{"a":1,}', 1, 8, 'unexpected }'],
    ['{\n  "a": oops\n}', 2, 8, 'unexpected oops'],
    ['{\n\n  a: 1\n}', 3, 3, 'unexpected a'],
    ['{"a":1', 1, 7, 'the text ends too early'],
    ['{"a":1}\n}', 2, 1, 'unexpected }'],
    ['["a', 1, 2, 'a string that does not belong here or does not end'],
    ["{'a':1}", 1, 2, "unexpected '"],
    ['[1 2]', 1, 4, 'unexpected 2'],
    ['', 1, 1, 'the text ends too early'],
  ])('%j: line %i, column %i, %s', (text, line, column, found) => {
    expect(jsonFault(text)).toEqual({ line, column, found });
  });

  test('agrees with JSON.parse on what JSON is', () => {
    const almost = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', ',', '}', '\\', '\n', '0', ':'))
      .map(([json, at, extra]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + extra + json.slice(place + (at % 2));
      });
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), (text) => {
        expect(jsonFault(text) === null).toBe(parses(text));
      }),
      { numRuns: 2000 },
    );
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
