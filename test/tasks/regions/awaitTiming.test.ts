/** What the task asks an agent for, with its own SDK client, of a Systems Manager that only notes it. */
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AwaitTimingTaskInput } from '../../../tasks/catalogue/regions.ts';
import { ownAddress } from '../../loopback.ts';

const kept = { ...process.env };
const port = 4579;
let server: Server;
let sent: { readonly id: string; readonly input: { readonly timing: object; readonly timeoutMs: number } } | undefined;
let handler: (input: AwaitTimingTaskInput) => Promise<{ commandId: string }>;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const asked = (await json(request)) as { Parameters?: { payload: string[] } };
    const payload = asked.Parameters?.payload[0];
    if (payload !== undefined) sent = JSON.parse(Buffer.from(payload, 'base64').toString());
    const reply = JSON.stringify({ accepted: true, id: sent?.id });
    const answer =
      payload === undefined ? { Status: 'Success', StandardOutputContent: reply } : { Command: { CommandId: 'c' } };
    response.setHeader('Content-Type', 'application/x-amz-json-1.1').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(port, ownAddress(5), resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://${ownAddress(5)}:${port}`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    REGIONS: 'eu-west-1',
    DOCUMENT: 'document',
    MEMBER_HEALTHY_TIMEOUT_SECONDS: '900',
  });
  ({ handler } = await import('../../../tasks/regions/awaitTiming.ts'));
});
afterAll(() => {
  process.env = kept;
  server.close();
  server.closeAllConnections();
});

test.each([
  ['for each member that restarts', ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'], 5 * 900_000],
  ['for one where none is listed', [], 900_000],
])('a member has the time that one may take %s', async (_, members, timeoutMs) => {
  const timing = { heartbeatIntervalMs: 150, electionTimeoutMs: 1_500, roundTripMs: 80, members };
  await handler({ execution: 'arn:execution', token: 3, member: 'i-1', timing, taskToken: 'token' });
  expect(sent?.input).toEqual({ timing: { heartbeatIntervalMs: 150, electionTimeoutMs: 1_500 }, timeoutMs });
});
