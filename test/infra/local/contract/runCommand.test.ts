/** Run Command as tasks/aws/runCommand.ts uses it: a command that is sent, and what its invocation says of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Arranged, arranged } from './arranged.ts';
import { errorOf } from './target.ts';

jest.setTimeout(120_000);

const DocumentName = 'contract-command';
const document = {
  schemaVersion: '2.2',
  parameters: { payload: { type: 'String', allowedPattern: '^[a-z]*$' } },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'run',
      inputs: { runCommand: ['echo "got {{ payload }}"', 'echo noise >&2', 'test "{{ payload }}" != bad'] },
    },
  ],
};

describe.each(arranged)('Run Command of %s', (name, open) => {
  /** What AWS answers, and where moto is known to answer something else: it runs nothing. */
  const expected = <Value>(aws: Value, moto: Value): Value => (name === 'moto' ? moto : aws);
  let target: Arranged;
  let ssm: SSMClient;
  let InstanceId: string;
  beforeAll(async () => {
    target = await open();
    ssm = new SSMClient(target.client);
    await target.createDocument(DocumentName, document);
    InstanceId = await target.launchInstance();
  });
  afterAll(() => target.close());

  const send = (payload: string, InstanceIds = [InstanceId]) =>
    ssm.send(
      new SendCommandCommand({ DocumentName, InstanceIds, Parameters: { payload: [payload] }, TimeoutSeconds: 30 }),
    );

  async function ended(CommandId = ''): Promise<GetCommandInvocationCommandOutput> {
    for (;;) {
      const invocation = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
      if (invocation.Status !== 'Pending' && invocation.Status !== 'InProgress') return invocation;
      await sleep(20);
    }
  }

  test('sends a command to an instance, and says how it ended', async () => {
    const { Command } = await send('good');
    expect(Command).toMatchObject({
      CommandId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      DocumentName,
      InstanceIds: [InstanceId],
      Parameters: { payload: ['good'] },
      Status: expected('Pending', 'Success'),
      RequestedDateTime: expect.any(Date),
    });
    expect(await ended(Command?.CommandId)).toMatchObject({
      CommandId: Command?.CommandId,
      InstanceId,
      DocumentName,
      Status: 'Success',
      StatusDetails: 'Success',
      ResponseCode: 0,
      StandardOutputContent: expected('got good\n', ''),
      StandardErrorContent: expected('noise\n', ''),
    });
  });

  test('knows nothing of a command on an instance that it was not sent to', async () => {
    const { Command } = await send('good');
    const other = { CommandId: Command?.CommandId ?? '', InstanceId: 'i-0123456789abcdef0' };
    expect(await errorOf(ssm.send(new GetCommandInvocationCommand(other)))).toBe('InvocationDoesNotExist');
  });

  // moto refuses no command and runs none, and has no ListCommandInvocations.
  if (name === 'moto') return;

  test('says how a script failed, with its exit status', async () => {
    const { Command } = await send('bad');
    expect(await ended(Command?.CommandId)).toMatchObject({
      Status: 'Failed',
      StatusDetails: 'Failed',
      ResponseCode: 1,
      StandardOutputContent: 'got bad\n',
      StandardErrorContent: 'noise\n',
    });
  });

  test('lists the invocations of a command', async () => {
    const { Command } = await send('good');
    const { CommandId } = Command ?? {};
    await ended(CommandId);
    const { CommandInvocations } = await ssm.send(new ListCommandInvocationsCommand({ CommandId }));
    expect(CommandInvocations).toEqual([
      expect.objectContaining({
        CommandId,
        InstanceId,
        DocumentName,
        Status: 'Success',
        StatusDetails: 'Success',
        RequestedDateTime: expect.any(Date),
      }),
    ]);
    const elsewhere = new ListCommandInvocationsCommand({ InstanceId: 'i-0123456789abcdef0' });
    expect((await ssm.send(elsewhere)).CommandInvocations).toEqual([]);
  });

  test('refuses an instance, a document and a parameter that are not there or not allowed', async () => {
    expect(await errorOf(send('good', ['i-0123456789abcdef0']))).toBe('InvalidInstanceId');
    expect(await errorOf(send('Not allowed'))).toBe('InvalidParameters');
    const absent = { DocumentName: 'absent', InstanceIds: [InstanceId] };
    expect(await errorOf(ssm.send(new SendCommandCommand(absent)))).toBe('InvalidDocument');
  });
});
