/** The parameter of the command document on its way to a shell: what passes is one word for the agent, the rest runs nothing. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import fc from 'fast-check';
import { parseEnvelope } from '../../../../agent/commands/envelope.ts';
import { createCommandDocument } from '../../../../infra/command.ts';
import type { Ec2 } from '../../../../infra/local/ec2/index.ts';
import { createCommands } from '../../../../infra/local/ssm/commands.ts';
import type { CommandDocument } from '../../../../infra/local/ssm/document.ts';
import type { HomeContext } from '../../../../infra/local/wire/service.ts';

jest.setTimeout(60_000);
const document = createCommandDocument(new Stack(new App(), 'Commands'), 'etcd').content as CommandDocument;

let folder: string;
let database: DatabaseSync;
let commands: ReturnType<typeof createCommands>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-command-'));
  mkdirSync(join(folder, 'bin'));
  // In the place of the agent: notes what it was called with, each argument with its length.
  const agent = join(folder, 'bin', 'etcd-agent');
  writeFileSync(agent, `#!/bin/sh\nfor word; do printf '%s:%s\\n' "\${#word}" "$word"; done >> called\n`);
  chmodSync(agent, 0o755);
  database = new DatabaseSync(':memory:');
  const environment = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` };
  const ec2 = {
    instances: () => [{ instanceId: 'i-1', state: 'running' }],
    machine: () => ({ root: folder, environment }),
  } as unknown as Ec2;
  commands = createCommands({ database, account: '123456789012' } as HomeContext, ec2, () => document);
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns what the agent was called with, or the name of the refusal */
async function send(payload: readonly string[]): Promise<string> {
  rmSync(join(folder, 'called'), { force: true });
  const input = { DocumentName: 'command', InstanceIds: ['i-1'], Parameters: { payload } };
  const caller = { accessKeyId: 'AKIA1', arn: 'arn:aws:iam::123456789012:user/operator' };
  let id: string;
  try {
    const sent = (await commands.SendCommand?.(input as never, caller as never)) as { Command: { CommandId: string } };
    id = sent.Command.CommandId;
  } catch (error) {
    return (error as Error & { code?: string }).code ?? (error as Error).name;
  }
  for (;;) {
    const asked = { CommandId: id, InstanceId: 'i-1' };
    const said = (await commands.GetCommandInvocation?.(asked as never, caller as never)) as { Status: string };
    if (said.Status !== 'InProgress') break;
    await sleep(5);
  }
  return readFileSync(join(folder, 'called'), 'utf8');
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const shell = fc
  .array(
    fc.constantFrom("'", '"', ';', '&', '|', '`', '$(', ')', '\n', '\\', ' ', '{{', '}}', '>ran', 'YWJj', '=', '#'),
  )
  .map((parts) => parts.join(''));
const words = fc.oneof(shell, fc.string({ unit: 'binary' }), fc.base64String({ minLength: 1 }));

describe('the parameter of the command document', () => {
  test('reaches the agent as one word, or nothing runs', async () => {
    const property = fc.asyncProperty(words, async (payload) => {
      const came = await send([payload]);
      if (base64.test(payload)) expect(came).toBe(`7:command\n${payload.length}:${payload}\n`);
      else expect([came, existsSync(join(folder, 'called'))]).toEqual(['InvalidParameters', false]);
      expect(existsSync(join(folder, 'ran'))).toBe(false);
      // Which looks again, and refuses all that is no command.
      expect(() => parseEnvelope(payload)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
    });
    await fc.assert(property, { numRuns: 150, interruptAfterTimeLimit: 20_000 });
  });

  test.each([[[]], [['YWJj', 'YWJj']], [['YWJj', "'; touch ran; '"]]])('takes one value, not %j', async (values) => {
    expect(await send(values)).toBe('InvalidParameters');
    expect(existsSync(join(folder, 'called'))).toBe(false);
  });
});
