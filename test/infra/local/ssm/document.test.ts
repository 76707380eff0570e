import { describe, expect, test } from '@jest/globals';
import { payloadPattern } from '../../../../agent/protocol.ts';
import { checkDocument, checkParameters, renderScript } from '../../../../infra/local/ssm/document.ts';

const document = {
  schemaVersion: '2.2',
  parameters: { payload: { type: 'String', allowedPattern: payloadPattern } },
  mainSteps: [
    { action: 'aws:runShellScript', name: 'run', inputs: { runCommand: ["etcd-agent command '{{ payload }}'"] } },
  ],
};

describe('the command document', () => {
  test('renders its parameter', () => {
    expect(renderScript(document, { payload: ['YWJj'] })).toBe("etcd-agent command 'YWJj'");
  });

  test.each([
    [{}, 'payload is required'],
    [{ payload: ["'; reboot '"] }, 'payload does not match the allowed pattern'],
    [{ payload: ['$(reboot)'] }, 'payload does not match'],
    [{ payload: ['YW Jj'] }, 'payload does not match'],
    [{ payload: [''] }, 'payload does not match'],
    [{ payload: ['YWJj\n'] }, 'payload does not match'],
    [{ payload: ['YWJj'], other: ['x'] }, 'no parameter other'],
  ])('refuses %j', (values, message) => {
    expect(() => checkParameters(document, values as Record<string, string[]>)).toThrow(message);
  });

  test('of another schema or action is refused', () => {
    expect(() => checkDocument({ ...document, schemaVersion: '1.2' })).toThrow('1.2');
    const step = { action: 'aws:runPowerShellScript', name: 'x', inputs: { runCommand: [] } };
    expect(() => checkDocument({ ...document, mainSteps: [step] })).toThrow('aws:runPowerShellScript');
  });
});
