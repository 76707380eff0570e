/** moto's interpreter of the states language, with functions of this process as its Lambdas. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  paginateGetExecutionHistory,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { AwsError } from '../../../../infra/local/wire/service.ts';
import { startMoto } from '../../../moto.ts';
import type { Ending, Lambda } from './fixture.ts';

export interface MotoStates {
  readonly client: SFNClient;
  createMachine(definition: object): Promise<string>;
  run(definition: object, input: unknown): Promise<Omit<Ending, 'arn'>>;
  stop(): Promise<void>;
}

/** Answers from a Lambda to a task token. */
export interface Tokens {
  succeed(token: string, output: unknown): Promise<unknown> | unknown;
  fail(token: string, error: string, cause: string): Promise<unknown> | unknown;
}

const deadline = 30_000;
const requestId = { 'x-amzn-requestid': '00000000-0000-0000-0000-000000000000' };
const roleArn = 'arn:aws:iam::123456789012:role/states';

export async function openMotoStates(
  lambdas: (tokens: Tokens) => Readonly<Record<string, Lambda>>,
): Promise<MotoStates> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const moto = await startMoto({ taskPort: (server.address() as AddressInfo).port });
  const client = new SFNClient({
    endpoint: moto.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' },
  });
  const functions = lambdas({
    succeed: (taskToken, output) =>
      client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) })),
    fail: (taskToken, error, cause) => client.send(new SendTaskFailureCommand({ taskToken, error, cause })),
  });
  // The interpreter sends all the calls of its Tasks here; those that are for no Lambda go on to moto.
  server.on('request', (incoming, response) => {
    const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(incoming.url ?? '')?.[1];
    if (name === undefined) forward(incoming, response, moto.endpoint);
    else invoke(functions, decodeURIComponent(name), incoming, response);
  });
  let machines = 0;

  const createMachine = async (definition: object) => {
    const name = `machine${++machines}`;
    const command = new CreateStateMachineCommand({ name, definition: JSON.stringify(definition), roleArn });
    return (await client.send(command)).stateMachineArn ?? '';
  };

  return {
    client,
    createMachine,
    async run(definition, input) {
      const stateMachineArn = await createMachine(definition);
      const started = await client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
      return ending(client, started.executionArn ?? '');
    },
    async stop() {
      client.destroy();
      await moto.stop();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function ending(client: SFNClient, executionArn: string): Promise<Omit<Ending, 'arn'>> {
  const last = Date.now() + deadline;
  for (;;) {
    const { status = '', output, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (status !== 'RUNNING') {
      return {
        status,
        ...(output === undefined ? {} : { output: JSON.parse(output) }),
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
        path: await pathOf(client, executionArn),
      };
    }
    if (Date.now() > last) throw new Error(`moto has not ended ${executionArn} in ${deadline} ms`);
    await sleep(20);
  }
}

async function pathOf(client: SFNClient, executionArn: string): Promise<string[]> {
  const path: string[] = [];
  for await (const { events = [] } of paginateGetExecutionHistory({ client }, { executionArn })) {
    path.push(...events.flatMap((event) => event.stateEnteredEventDetails?.name ?? []));
  }
  return path;
}

function forward(incoming: IncomingMessage, response: ServerResponse, endpoint: string): void {
  const { method, headers, url } = incoming;
  const outgoing = request(`${endpoint}${url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}

async function invoke(
  lambdas: Readonly<Record<string, Lambda>>,
  name: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const lambda = lambdas[name.split(':').at(-1) ?? ''];
  if (lambda === undefined) {
    const error = { Type: 'User', Message: `Function not found: ${name}` };
    response
      .writeHead(404, { ...requestId, 'x-amzn-errortype': 'ResourceNotFoundException' })
      .end(JSON.stringify(error));
    return;
  }
  try {
    const payload = JSON.parse(Buffer.concat(chunks).toString());
    const answer = await lambda(payload as never, undefined);
    response.writeHead(200, { ...requestId, 'x-amz-executed-version': '$LATEST' }).end(JSON.stringify(answer ?? null));
  } catch (error) {
    if (error instanceof AwsError || !(error instanceof Error)) throw error;
    const failure = { errorType: error.name, errorMessage: error.message, trace: [] };
    response.writeHead(200, { ...requestId, 'x-amz-function-error': 'Unhandled' }).end(JSON.stringify(failure));
  }
}
