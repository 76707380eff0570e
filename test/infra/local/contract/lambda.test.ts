/** Invocations of functions, with the fields that Step Functions and an operator read of them. */
import { GetFunctionCommand, InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Arranged, arranged } from './arranged.ts';
import { errorOf } from './target.ts';

jest.setTimeout(120_000);

describe.each(arranged)('Lambda of %s', (name, open) => {
  const FunctionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:echo';
  let target: Arranged;
  let lambda: LambdaClient;
  beforeAll(async () => {
    target = await open();
    lambda = new LambdaClient(target.client);
  });
  afterAll(() => target.close());

  const invoke = async (FunctionName: string, payload: unknown, InvocationType?: 'Event' | 'DryRun') => {
    const Payload = Buffer.from(JSON.stringify(payload));
    const answer = await lambda.send(
      new InvokeCommand({ FunctionName, Payload, ...(InvocationType && { InvocationType }) }),
    );
    const text = Buffer.from(answer.Payload ?? []).toString();
    return {
      status: answer.StatusCode,
      functionError: answer.FunctionError,
      payload: text === '' ? undefined : JSON.parse(text),
    };
  };

  // First: without Docker, which it is set to with the first function, moto has an answer of every function.
  test('refuses a function that is not there, by name and by ARN', async () => {
    for (const absent of ['absent', FunctionArn.replace('echo', 'absent')]) {
      expect(await errorOf(invoke(absent, {}))).toBe('ResourceNotFoundException');
      expect(await errorOf(lambda.send(new GetFunctionCommand({ FunctionName: absent })))).toBe(
        'ResourceNotFoundException',
      );
    }
  });

  test('answers with what the function returns, by name and by ARN', async () => {
    await target.createFunction('echo', 'export const handler = async (event) => event');
    const given = { text: 'ä', list: [1, null, { a: true }] };
    for (const FunctionName of ['echo', FunctionArn]) {
      expect(await invoke(FunctionName, given)).toEqual({ status: 200, functionError: undefined, payload: given });
    }
  });

  test('says before and without an answer that it has understood', async () => {
    expect(await invoke('echo', {}, 'Event')).toMatchObject({ status: 202, functionError: undefined });
    expect(await invoke('echo', {}, 'DryRun')).toMatchObject({ status: 204, functionError: undefined });
  });

  test('knows the function', async () => {
    const configuration = {
      FunctionName: 'echo',
      FunctionArn,
      Handler: 'index.handler',
      Role: 'arn:aws:iam::123456789012:role/contract',
      Version: '$LATEST',
      PackageType: 'Zip',
      Runtime: expect.stringMatching(/^nodejs/),
      State: 'Active',
    };
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: 'echo' }));
    expect(Configuration).toMatchObject(configuration);
    expect((await lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([
      expect.objectContaining(configuration),
    ]);
  });

  // moto runs no function without Docker, so none of its functions fails.
  if (name === 'moto') return;

  test('answers 200 with the error of a function that throws', async () => {
    await target.createFunction(
      'fail',
      `export const handler = async () => { throw Object.assign(new Error('no quorum'), { name: 'QuorumAtRisk' }) }`,
    );
    expect(await invoke('fail', {})).toEqual({
      status: 200,
      functionError: 'Unhandled',
      payload: {
        errorType: 'QuorumAtRisk',
        errorMessage: 'no quorum',
        trace: expect.arrayContaining([expect.stringContaining('no quorum')]),
      },
    });
  });
});
