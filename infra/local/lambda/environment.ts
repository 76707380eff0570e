/** One execution environment: a Node process with a function's bundle, one invocation at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';

export interface FunctionConfiguration {
  readonly name: string;
  readonly arn: string;
  /** Folder with the bundle. */
  readonly code: string;
  /** `index.handler` */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly roleArn: string;
  readonly runtime: string;
  readonly logGroup: string;
  /** ISO 8601 */
  readonly modified: string;
}

export interface Invocation {
  readonly payload: string;
  /** Set where the function failed; the payload is then `{ errorType, errorMessage, trace }`. */
  readonly functionError?: 'Unhandled';
}

export interface Environment {
  readonly busy: boolean;
  /** Epoch milliseconds of the end of the last invocation. */
  readonly idleSinceMs: number;
  readonly alive: boolean;
  readonly pid: number | undefined;
  invoke(event: unknown): Promise<Invocation>;
  close(): void;
}

interface Message {
  readonly kind: 'ready' | 'result' | 'error' | 'crash';
  readonly id?: string;
  readonly payload?: string;
}

const runtime = new URL('./runtime.mjs', import.meta.url).pathname;

/**
 * @param variables the whole environment of the process
 * @param log one call per line that the function prints
 */
export function startEnvironment(
  configuration: FunctionConfiguration,
  variables: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Environment {
  const child: ChildProcess = fork(runtime, [], {
    cwd: configuration.code,
    env: variables,
    execPath: process.execPath,
    execArgv: [`--max-old-space-size=${configuration.memoryMiB}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => text.split('\n').filter(Boolean).forEach(log));
  }
  let alive = true;
  let busy = false;
  let idleSinceMs = Date.now();
  let finish: ((invocation: Invocation) => void) | null = null;
  let exited = (): void => {};

  const ready = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.on('message', (message: Message) => {
      if (message.kind === 'ready') resolve();
      else if (message.kind === 'result') finish?.({ payload: message.payload ?? 'null' });
      else finish?.({ payload: message.payload ?? 'null', functionError: 'Unhandled' });
    });
  });
  child.once('exit', () => {
    alive = false;
    exited();
  });
  child.once('error', () => {
    alive = false;
    exited();
  });

  return {
    get busy() {
      return busy;
    },
    get idleSinceMs() {
      return idleSinceMs;
    },
    get alive() {
      return alive;
    },
    pid: child.pid,
    close: () => void child.kill('SIGKILL'),
    async invoke(event) {
      busy = true;
      await ready;
      const requestId = randomUUID();
      const deadlineMs = Date.now() + configuration.timeoutSeconds * 1000;
      const outcome = new Promise<Invocation>((resolve) => {
        finish = resolve;
        // AWS's own words for a process that dies in the middle of an invocation.
        exited = () =>
          resolve(
            failed('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited without providing a reason`),
          );
      });
      const timer = setTimeout(() => {
        finish?.(
          failed(
            'Sandbox.Timedout',
            `RequestId: ${requestId} Error: Task timed out after ${configuration.timeoutSeconds.toFixed(2)} seconds`,
          ),
        );
        child.kill('SIGKILL');
      }, configuration.timeoutSeconds * 1000);
      if (!alive) exited();
      else
        child.send({ id: requestId, event, deadlineMs, context: contextOf(configuration, requestId) }, () => undefined);
      return outcome.finally(() => {
        clearTimeout(timer);
        busy = false;
        idleSinceMs = Date.now();
      });
    },
  };
}

function failed(errorType: string, errorMessage: string): Invocation {
  return { payload: JSON.stringify({ errorType, errorMessage }), functionError: 'Unhandled' };
}

function contextOf(configuration: FunctionConfiguration, awsRequestId: string) {
  return {
    awsRequestId,
    functionName: configuration.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: configuration.arn,
    memoryLimitInMB: String(configuration.memoryMiB),
    logGroupName: configuration.logGroup,
    logStreamName: awsRequestId,
  };
}
