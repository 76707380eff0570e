import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { agentEnvironment } from '../../agent/machine/layout.ts';

const root = mkdtempSync(join(tmpdir(), 'agent-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function agent(...args: string[]) {
  const main = join(import.meta.dirname, '../../agent/main.ts');
  const env = { PATH: process.env.PATH, ETCD_AGENT_ROOT: root };
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
}

describe('etcd-agent', () => {
  test('tells its version and its verbs', () => {
    expect(agent('--version')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^etcd-agent \d+\.\d+\.\d+\n$/),
    });
    expect(agent('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('etcd-agent command BASE64') });
  });

  test.each([[[]], [['reboot']], [['command']], [['command', 'a', 'b']], [['run', 'now']], [['status', 'x']]])(
    'refuses %j with its usage and changes nothing',
    (args) => {
      expect(agent(...args)).toMatchObject({ status: 2, stderr: expect.stringMatching(/^Usage: etcd-agent run/) });
    },
  );
});

describe('what the agent is told from outside', () => {
  test('has defaults for EC2', () => {
    expect(agentEnvironment({})).toEqual({
      root: '/',
      supervisor: 'systemd',
      statusAddress: '127.0.0.1',
      listenAddress: null,
      awsEndpoint: null,
      metadataEndpoint: 'http://169.254.169.254',
    });
  });

  test.each([
    [{ ETCD_AGENT_SUPERVISOR: 'runit' }, "ETCD_AGENT_SUPERVISOR is 'runit'; allowed: systemd, child"],
    [{ ETCD_AGENT_STATUS_ADDRESS: '0.0.0.0' }, "ETCD_AGENT_STATUS_ADDRESS is '0.0.0.0'; allowed: a loopback address"],
    [{ ETCD_AGENT_STATUS_ADDRESS: '10.0.0.1' }, 'allowed: a loopback address, 127.0.0.0/8'],
    [{ ETCD_AGENT_LISTEN_ADDRESS: 'localhost' }, "ETCD_AGENT_LISTEN_ADDRESS is 'localhost'; allowed: an IPv4 address"],
  ])('%j is refused', (variables, message) => expect(() => agentEnvironment(variables)).toThrow(message));
});
