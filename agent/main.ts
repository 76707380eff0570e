/** `etcd-agent`: the resident agent, and the two ways to talk to it. */
import { agentVersion, installRelease, runAgent } from './agent.ts';
import { agentEnvironment, layoutBelow } from './machine/layout.ts';
import { askSocket } from './machine/socket.ts';
import { type CommandReply, type Description, encodeCommand } from './protocol.ts';

const usage = `Usage: etcd-agent run              the resident agent (systemd starts it)
       etcd-agent command BASE64   hands one command to it and prints one line of JSON
       etcd-agent status           what this member is, for a person
       etcd-agent install X.Y.Z    installs an etcd release, checked by its SHA-256
       etcd-agent --version
`;

/** The agent may just be being started again. */
const askTimeoutMs = 15_000;

async function main(args: readonly string[]): Promise<number> {
  const [verb, payload, ...rest] = args;
  if (verb === '--version') return print(`etcd-agent ${agentVersion}\n`);
  if (verb === '--help' || verb === '-h') return print(usage);
  if (verb === 'run' && payload === undefined) {
    await runAgent(agentEnvironment(process.env));
    return never();
  }
  if (verb === 'command' && payload !== undefined && rest.length === 0) return command(payload);
  if (verb === 'status' && payload === undefined) return status();
  if (verb === 'install' && payload !== undefined && rest.length === 0) return install(payload);
  process.stderr.write(usage);
  return 2;
}

async function command(payload: string): Promise<number> {
  const reply = await ask(payload);
  process.stdout.write(`${JSON.stringify(reply)}\n`);
  return reply.accepted ? 0 : 1;
}

/** A line break would end the line that is asked. */
async function ask(payload: string): Promise<CommandReply> {
  const { run } = layoutBelow(agentEnvironment(process.env).root);
  return JSON.parse(await askSocket(run, payload.replaceAll('\n', ' '), askTimeoutMs)) as CommandReply;
}

async function install(version: string): Promise<number> {
  return print(`${await installRelease(agentEnvironment(process.env), version)}\n`);
}

async function status(): Promise<number> {
  const id = `status/${process.pid}/${Date.now()}`;
  const reply = await ask(encodeCommand({ command: 'describe', id, input: {} }));
  if (!reply.accepted || reply.entry.outcome.status !== 'succeeded') {
    process.stderr.write(`${JSON.stringify(reply)}\n`);
    return 1;
  }
  const described = reply.entry.outcome.result as Description;
  print(statusText(described));
  return described.health.verdict === 'healthy' ? 0 : 1;
}

function statusText({ instanceId, cluster, phase, reason, etcd, member, health }: Description): string {
  const reasons = health.verdict === 'healthy' ? [] : health.reasons.map((line) => `          ${line}`);
  return [
    `member    ${instanceId} of cluster ${cluster}`,
    `agent     ${phase}: ${reason}`,
    `etcd      ${etcd.pid === null ? 'not running' : `${etcd.version}, process ${etcd.pid}`}; ${etcd.starts} starts, ${etcd.crashes} after a crash${etcd.lastExit === null ? '' : `; last: ${etcd.lastExit}`}`,
    `cluster   ${member === null ? 'unknown' : `${member.clusterId}, version ${member.clusterVersion}, ${member.members.length} members, ${member.isLeader ? 'leader' : `leader ${member.leaderId}`}`}`,
    `health    ${health.verdict}`,
    ...reasons,
    '',
  ].join('\n');
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function never(): Promise<never> {
  return new Promise(() => {});
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`etcd-agent: ${error.message}\n`);
    process.exitCode = 1;
  },
);
