/** Functions in processes of their own: results, errors, time-outs and sudden ends in Lambda's own shape. */
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLambda, type Lambda } from '../../../../infra/local/lambda/index.ts';
import { createCallers } from '../../../../infra/local/wire/callers.ts';
import type { HomeContext } from '../../../../infra/local/wire/service.ts';

let folder: string;
let lambda: Lambda;
const lines: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lambda-'));
  lines.length = 0;
  const database = new DatabaseSync(':memory:');
  const context: HomeContext = {
    folder,
    database,
    region: 'eu-west-1',
    account: '123456789012',
    network: '127.1.1',
    endpoint: 'http://127.1.1.1:4566',
    log: () => undefined,
    events: new EventEmitter(),
  };
  lambda = createLambda(context, {
    mayLog: () => true,
    callers: createCallers(database),
    writeLog: (_group, _stream, line) => lines.push(line),
  });
});

afterEach(() => {
  lambda.stop();
  rmSync(folder, { recursive: true });
});

function make(source: string, timeoutSeconds = 10): void {
  writeFileSync(join(folder, 'index.mjs'), source);
  lambda.createFunction({
    name: 'task',
    code: folder,
    handler: 'index.handler',
    timeoutSeconds,
    memoryMiB: 128,
    variables: { TABLE: 'records' },
    roleArn: 'arn:aws:iam::123456789012:role/task',
    runtime: 'nodejs24.x',
    logGroup: '/aws/lambda/task',
  });
}

describe('Lambda', () => {
  test('runs the handler with its environment and keeps the process warm', async () => {
    make(`let calls = 0; export const handler = async (event, context) => ({ event, calls: ++calls, table: process.env.TABLE,
      region: process.env.AWS_REGION, endpoint: process.env.AWS_ENDPOINT_URL, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 })`);
    expect((await lambda.invoke('task', { a: 1 })).payload).toEqual({
      event: { a: 1 },
      calls: 1,
      table: 'records',
      region: 'eu-west-1',
      endpoint: 'http://127.1.1.1:4566',
      name: 'task',
      left: true,
    });
    const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:task';
    expect((await lambda.invoke(arn, {})).payload).toMatchObject({ calls: 2 });
  });

  test('two invocations at once run in two processes', async () => {
    make('export const handler = async () => { await new Promise((r) => setTimeout(r, 200)); return process.pid }');
    const pids = await Promise.all([lambda.invoke('task', {}), lambda.invoke('task', {})]);
    expect(new Set(pids.map(({ payload }) => payload)).size).toBe(2);
  });

  test.each([
    [
      "export const handler = async () => { throw Object.assign(new Error('no'), { name: 'LockHeld' }) }",
      { errorType: 'LockHeld', errorMessage: 'no' },
    ],
    ['export const handler = async () => process.exit(3)', { errorType: 'Runtime.ExitError' }],
    ['export const other = 1', { errorType: 'Runtime.HandlerNotFound' }],
    ['throw new TypeError("at load")', { errorType: 'TypeError', errorMessage: 'at load' }],
    ['export const handler = () => new Promise(() => {})', { errorType: 'Sandbox.Timedout' }],
    [
      'export const handler = async () => { Promise.reject(new Error("stray")); await new Promise((r) => setTimeout(r, 500)) }',
      { errorType: 'Runtime.UnhandledPromiseRejection' },
    ],
  ])('%s fails as %j', async (source, payload) => {
    make(source, 1);
    const result = await lambda.invoke('task', {});
    expect(result).toMatchObject({ functionError: 'Unhandled', payload });
  });

  test('a function goes on in a new process after the old one died', async () => {
    make(
      'let calls = 0; export const handler = async ({ die }) => { if (die) process.kill(process.pid, "SIGKILL"); return ++calls }',
    );
    expect((await lambda.invoke('task', {})).payload).toBe(1);
    expect((await lambda.invoke('task', { die: true })).functionError).toBe('Unhandled');
    expect((await lambda.invoke('task', {})).payload).toBe(1);
  });

  test('what it prints goes to its log group', async () => {
    make('export const handler = async () => { console.log("a line"); await new Promise((r) => setTimeout(r, 50)) }');
    await lambda.invoke('task', {});
    expect(lines).toContain('a line');
  });

  test('one that is not there is refused by ARN', async () => {
    await expect(lambda.invoke('none', {})).rejects.toThrow(
      'Function not found: arn:aws:lambda:eu-west-1:123456789012:function:none',
    );
  });
});
