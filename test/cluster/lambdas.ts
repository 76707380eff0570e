/** Functions of a test's home that are held up, or die, while they work. */
import { readdirSync, readFileSync } from 'node:fs';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import type { Home } from '../../infra/local/home.ts';
import { eventually } from './cluster.ts';

/** Ends the processes of functions that are in the middle of something, `count` times. */
export async function killBusyLambdas(home: Home, count: number): Promise<number> {
  const names = (await functionsOf(home)).map(({ FunctionName }) => FunctionName ?? '');
  const killed = new Set<number>();
  const deadline = Date.now() + 60_000;
  while (killed.size < count && Date.now() < deadline) {
    for (const pid of names.flatMap((name) => home.services.lambda.busyPids(name))) {
      if (killed.has(pid) || killed.size >= count) continue;
      process.kill(pid, 'SIGKILL');
      killed.add(pid);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return killed.size;
}

/** Ends one process of this task's function that is in the middle of something. @throws Error where none is for 10 s */
export async function killLambdaOf(home: Home, task: string): Promise<void> {
  const name = await functionOf(home, task);
  const pid = await eventually(`${task} is at work`, async () => home.services.lambda.busyPids(name)[0], 10_000);
  process.kill(pid, 'SIGKILL');
}

export interface HeldLambda {
  /** Whether it has been invoked and is halted. */
  reached(): boolean;
  /** Lets it go on, if it is alive; nothing is held up any more. */
  release(): void;
}

/**
 * Has the next invocation of a task's function halt before it has done anything: for one that makes no call that could be held
 * up. Processes that wait for an invocation are halted at once, as one works for a millisecond; a new one when it starts.
 */
export async function haltLambdaOf(home: Home, task: string): Promise<HeldLambda> {
  const name = await functionOf(home, task);
  const halted = new Set<number>();
  const halt = (pid: number) => {
    if (!halted.has(pid)) process.kill(pid, 'SIGSTOP');
    halted.add(pid);
  };
  const busy = () => home.services.lambda.busyPids(name);
  for (const pid of environmentsOf(home, name)) halt(pid);
  const looking = setInterval(() => busy().forEach(halt), 5);
  return {
    reached: () => busy().some((pid) => halted.has(pid)),
    release() {
      clearInterval(looking);
      for (const pid of environmentsOf(home, name)) if (halted.has(pid)) process.kill(pid, 'SIGCONT');
    },
  };
}

/** Pids of a function's processes, told by their environment. */
function environmentsOf({ endpoint }: Home, name: string): readonly number[] {
  const variables = [`AWS_LAMBDA_FUNCTION_NAME=${name}`, `AWS_ENDPOINT_URL=${endpoint}`];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      const found = environOf(pid).split('\0');
      return variables.every((variable) => found.includes(variable));
    })
    .map(Number);
}

/** Empty where it has ended. */
function environOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

/** What the ARN of the caller is like when this task calls AWS. */
export function callerOf(task: string): RegExp {
  return new RegExp(`-${task.charAt(0).toUpperCase()}${task.slice(1)}Role`);
}

async function functionOf(home: Home, task: string): Promise<string> {
  const found = (await functionsOf(home)).find(({ Role = '' }) => callerOf(task).test(Role));
  if (found?.FunctionName === undefined) throw new Error(`there is no function of the task ${task}`);
  return found.FunctionName;
}

async function functionsOf({ endpoint, context, credentials }: Home) {
  const lambda = new LambdaClient({ endpoint, region: context.region, credentials });
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  lambda.destroy();
  return Functions;
}
