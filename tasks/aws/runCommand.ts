/** Hands commands to an agent through SSM Run Command. */
import {
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { Fault } from '#etcd/faults.ts';
import { type CommandEnvelope, type CommandName, type CommandReply, encodeCommand } from '../../agent/protocol.ts';
import { environment } from './environment.ts';
import { perRegion, regions } from './regions.ts';

const client = perRegion((region) => new SSMClient({ region }));
/** Region by instance id: an instance stays there. */
const places = new Map<string, string>();
/** The agent answers at once; the rest is Run Command's own delivery. Below the Lambda's time-out. */
const answerTimeoutMs = 45_000;

const undelivered = new Set([
  'DeliveryTimedOut',
  'TimedOut',
  'Undeliverable',
  'Terminated',
  'InvalidPlatform',
  'AccessDenied',
]);

/**
 * Sends a command and returns the agent's reply.
 * @throws Fault `InstanceNotReachable` where Systems Manager cannot deliver it (yet), `CommandFailed` where it was delivered
 *   and no reply came, or the fault with which the agent refused it.
 */
export async function sendToAgent<Name extends CommandName>(
  instanceId: string,
  envelope: CommandEnvelope<Name>,
): Promise<Extract<CommandReply, { accepted: true }>> {
  const { region, commandId } = await send(instanceId, encodeCommand(envelope));
  const invocation = await answerOf(region, commandId, instanceId);
  const reply = replyIn(invocation.StandardOutputContent ?? '');
  if (reply === null) {
    const said = (invocation.StandardErrorContent ?? '').trim().slice(-500) || 'nothing';
    if (isBooting(invocation))
      throw new Fault('InstanceNotReachable', `there is no agent on ${instanceId} yet: ${said}`);
    throw new Fault(
      'CommandFailed',
      `the agent of ${instanceId} was not handed the command ${envelope.id}: Run Command ended ${invocation.Status}, stderr says ${said}`,
    );
  }
  if (!reply.accepted)
    throw new Fault(reply.fault, `the agent of ${instanceId} refused the command ${envelope.id}: ${reply.cause}`);
  return reply;
}

/** Systems Manager registers before user data has installed our agent, and the agent may just be being started again. */
function isBooting({ ResponseCode, StandardErrorContent = '' }: GetCommandInvocationCommandOutput): boolean {
  return ResponseCode === commandNotFound || StandardErrorContent.includes('the agent does not answer on');
}

/** A shell's exit status for a command that is not there. */
const commandNotFound = 127;

interface Sent {
  readonly region: string;
  readonly commandId: string;
}

async function send(instanceId: string, payload: string): Promise<Sent> {
  const region = await regionOf(instanceId);
  try {
    return { region, commandId: await sendIn(region, instanceId, payload) };
  } catch (error) {
    // An instance that has not registered yet, or has just gone.
    if ((error as Error).name !== 'InvalidInstanceId') throw error;
    throw new Fault('InstanceNotReachable', `Systems Manager of ${region} does not know the instance ${instanceId}`, {
      cause: error,
    });
  }
}

/**
 * Systems Manager of another region does not know the instance, and its policy refuses what it does not know: it is looked up in the
 * groups. One that is in none has gone, or was only just launched.
 * @throws Error where a region that may have it does not answer
 */
async function regionOf(instanceId: string): Promise<string> {
  const [home = ''] = regions();
  if (regions().length === 1) return home;
  const known = places.get(instanceId);
  if (known !== undefined) return known;
  // Evaluated only where it is needed: one client more would cost every start of every function that sends a command.
  const { readGroup } = await import('./group.ts');
  const answers = await Promise.allSettled(regions().map(readGroup));
  for (const answer of answers)
    if (answer.status === 'fulfilled')
      for (const one of answer.value.instances) places.set(one.instanceId, answer.value.region);
  const silent = answers.find((answer) => answer.status === 'rejected');
  const found = places.get(instanceId);
  if (found === undefined && silent !== undefined) throw silent.reason;
  return found ?? home;
}

async function sendIn(region: string, instanceId: string, payload: string): Promise<string> {
  const { Command } = await client(region).send(
    new SendCommandCommand({
      DocumentName: environment('DOCUMENT'),
      InstanceIds: [instanceId],
      Parameters: { payload: [payload] },
      TimeoutSeconds: 30,
    }),
  );
  return Command?.CommandId ?? '';
}

async function answerOf(
  region: string,
  commandId: string,
  instanceId: string,
): Promise<GetCommandInvocationCommandOutput> {
  const deadline = Date.now() + answerTimeoutMs;
  let pauseMs = 50;
  for (;;) {
    const invocation = await invocationOf(region, commandId, instanceId);
    const status = invocation?.Status ?? 'Pending';
    if (invocation !== null && (status === 'Success' || status === 'Failed')) return invocation;
    if (undelivered.has(status) || undelivered.has(invocation?.StatusDetails ?? '') || Date.now() > deadline) {
      throw new Fault('InstanceNotReachable', `Run Command did not reach the instance ${instanceId}: ${status}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 2, 1_000);
  }
}

/** Run Command is eventually consistent: the invocation may not be there just after SendCommand. */
async function invocationOf(
  region: string,
  CommandId: string,
  InstanceId: string,
): Promise<GetCommandInvocationCommandOutput | null> {
  try {
    return await client(region).send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
  } catch (error) {
    if ((error as Error).name === 'InvocationDoesNotExist') return null;
    throw error;
  }
}

function replyIn(stdout: string): CommandReply | null {
  try {
    const reply: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    return typeof reply === 'object' && reply !== null && 'accepted' in reply ? (reply as CommandReply) : null;
  } catch {
    return null;
  }
}
