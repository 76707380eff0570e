/** Run Command: renders a document and runs it on machines, one invocation per instance. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Ec2 } from '../ec2/index.ts';
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Operation } from '../wire/service.ts';
import { type CommandDocument, checkParameters, type ParameterValues, renderScript } from './document.ts';

type Status = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Undeliverable';

interface Invocation {
  readonly commandId: string;
  readonly instanceId: string;
  readonly documentName: string;
  readonly status: Status;
  readonly responseCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** ISO 8601 */
  readonly requested: string;
}

/** What GetCommandInvocation keeps of stdout and stderr, in characters (API_GetCommandInvocation). */
const stdoutLimit = 24_000;
const stderrLimit = 8_000;
/** Default `executionTimeout` of a document (monitor-commands). */
const executionTimeoutMs = 3_600_000;

interface SendCommandInput {
  readonly DocumentName: string;
  readonly InstanceIds?: readonly string[];
  readonly Parameters?: ParameterValues;
  readonly Comment?: string;
  readonly TimeoutSeconds?: number;
}

export function createCommands(
  context: HomeContext,
  ec2: Ec2,
  documentOf: (name: string) => CommandDocument,
): Readonly<Record<string, Operation>> {
  const invocations = documents<Invocation>(context.database, 'ssm_invocations');
  const key = (commandId: string, instanceId: string) => `${commandId}/${instanceId}`;

  // A home that was closed in the middle of a command cannot know how it ended.
  for (const invocation of invocations.all()) {
    if (invocation.status !== 'Pending' && invocation.status !== 'InProgress') continue;
    invocations.put(key(invocation.commandId, invocation.instanceId), {
      ...invocation,
      status: 'Undeliverable',
      responseCode: -1,
    });
  }

  /** Systems Manager's own agent starts with the instance, before user data has run. */
  function requireManaged(instanceId: string): void {
    const instance = ec2.instances().find((candidate) => candidate.instanceId === instanceId);
    if (instance?.state === 'running' && ec2.machine(instanceId) !== null) return;
    throw new AwsError(
      'InvalidInstanceId',
      `Instances [[${instanceId}]] not in a valid state for account ${context.account}`,
    );
  }

  function run(invocation: Invocation, script: string): void {
    const machine = ec2.machine(invocation.instanceId);
    if (machine === null) return finish(invocation, 'Undeliverable', -1, '', '');
    // An instance has a file system before user data has put anything there.
    mkdirSync(machine.root, { recursive: true });
    const child = spawn('/bin/sh', ['-c', script], {
      cwd: machine.root,
      env: machine.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: executionTimeoutMs,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout = (stdout + chunk).slice(0, stdoutLimit)));
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk).slice(0, stderrLimit)));
    child.once('error', (error) => finish(invocation, 'Failed', -1, stdout, error.message));
    child.once('close', (code) => finish(invocation, code === 0 ? 'Success' : 'Failed', code ?? -1, stdout, stderr));
  }

  function finish(invocation: Invocation, status: Status, responseCode: number, stdout: string, stderr: string): void {
    // A home that is closing has closed its database; the command is then undeliverable at the next start.
    if (!context.database.isOpen) return;
    invocations.put(key(invocation.commandId, invocation.instanceId), {
      ...invocation,
      status,
      responseCode,
      stdout,
      stderr,
    });
  }

  const detail = (invocation: Invocation) => ({
    CommandId: invocation.commandId,
    InstanceId: invocation.instanceId,
    DocumentName: invocation.documentName,
    Status: invocation.status,
    StatusDetails: invocation.status,
  });

  return {
    SendCommand: (input: SendCommandInput) => {
      const { DocumentName, InstanceIds = [], Parameters = {} } = input;
      const content = documentOf(DocumentName);
      checkParameters(content, Parameters);
      if (InstanceIds.length === 0)
        throw new AwsError('InvalidInstanceId', 'InstanceIds must name at least one instance.');
      for (const instanceId of InstanceIds) requireManaged(instanceId);
      const commandId = randomUUID();
      const requested = new Date();
      for (const instanceId of InstanceIds) {
        const invocation: Invocation = {
          commandId,
          instanceId,
          documentName: DocumentName,
          status: 'InProgress',
          responseCode: -1,
          stdout: '',
          stderr: '',
          requested: requested.toISOString(),
        };
        invocations.put(key(commandId, instanceId), invocation);
        run(invocation, renderScript(content, Parameters));
      }
      return {
        Command: {
          CommandId: commandId,
          DocumentName,
          InstanceIds,
          Parameters,
          RequestedDateTime: requested,
          Status: 'Pending',
          StatusDetails: 'Pending',
          TargetCount: InstanceIds.length,
          ...(input.Comment !== undefined && { Comment: input.Comment }),
        },
      };
    },
    GetCommandInvocation: ({ CommandId, InstanceId }: { CommandId: string; InstanceId: string }) => {
      const invocation = invocations.get(key(CommandId, InstanceId));
      if (invocation === null)
        throw new AwsError('InvocationDoesNotExist', `The command ${CommandId} was not sent to ${InstanceId}.`);
      return {
        ...detail(invocation),
        ResponseCode: invocation.responseCode,
        StandardOutputContent: invocation.stdout,
        StandardErrorContent: invocation.stderr,
        ExecutionStartDateTime: invocation.requested,
      };
    },
    ListCommandInvocations: ({ CommandId, InstanceId }: { CommandId?: string; InstanceId?: string }) => ({
      CommandInvocations: invocations
        .all()
        .filter(
          (one) => (CommandId ?? one.commandId) === one.commandId && (InstanceId ?? one.instanceId) === one.instanceId,
        )
        .map((one) => ({ ...detail(one), RequestedDateTime: new Date(one.requested) })),
    }),
    DescribeInstanceInformation: () => ({
      InstanceInformationList: ec2
        .instances()
        .filter(({ state, instanceId }) => state === 'running' && ec2.machine(instanceId) !== null)
        .map(({ instanceId, address }) => ({
          InstanceId: instanceId,
          IPAddress: address,
          PingStatus: 'Online',
          PlatformType: 'Linux',
          ResourceType: 'EC2Instance',
          LastPingDateTime: new Date(),
        })),
    }),
  };
}
