/** What an agent does where S3 fails in the middle of an upload in parts: this home's S3, behind a door that fails. */
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Aws, createAws, type ObjectFile } from '../../../agent/machine/aws.ts';
import { createS3, type S3 } from '../../../infra/local/s3/index.ts';
import { sendFailure } from '../../../infra/local/wire/failures.ts';
import { AwsError, type HomeContext } from '../../../infra/local/wire/service.ts';

const bucket = 'backups';
const partBytes = 5 * 1024 ** 2;
const longMs = 60_000;
const anyCaller = { accessKeyId: 'any', arn: 'any' };

/** Takes a request instead of S3, or lets it through with `null`. */
type Fault = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void | null;

let folder: string;
let database: DatabaseSync;
let s3: S3;
let server: Server;
let aws: Aws;
/** Requests in order: `PUT 2` is the second part. */
let asked: string[];
/** By request, each for one time. */
let faults: [request: string, fault: Fault][];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'multipart-'));
  database = new DatabaseSync(':memory:');
  const home = { folder, database, region: 'eu-west-1', account: '', network: '', endpoint: '', log: () => {} };
  const context: HomeContext = { ...home, events: new EventEmitter() };
  s3 = createS3(context);
  s3.store.createBucket(bucket);
  asked = [];
  faults = [];
  server = createServer(async (request, response) => {
    const query = new URL(request.url ?? '', 'http://localhost').searchParams;
    const name = `${request.method} ${query.get('partNumber') ?? (query.has('uploads') ? 'uploads' : 'upload')}`;
    asked.push(name);
    const index = faults.findIndex(([wanted]) => wanted === name);
    const [[, fault]] = index < 0 ? [[null, null]] : faults.splice(index, 1);
    try {
      if (fault === null || fault(request, response) === null)
        await s3.handle(request, response, anyCaller, home.region);
    } catch (error) {
      sendFailure(request, response, error);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const metadata = {
    identity: () => Promise.reject(new Error('nobody asks')),
    credentials: async () => ({ accessKeyId: 'any', secretAccessKey: 'any', sessionToken: 'any' }),
    targetLifecycleState: async () => null,
  };
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  aws = createAws(metadata, home.region, endpoint, { wholeBytes: partBytes, partBytes, pausesMs: [1, 1] });
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve).closeAllConnections());
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const bytes = randomBytes(2 * partBytes + 1_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
function file(): ObjectFile {
  const path = join(folder, 'backup.db');
  writeFileSync(path, bytes);
  return { path, bytes: bytes.length, sha256 };
}
const put = (sent = file(), timeoutMs = longMs) => aws.putObject(bucket, 'key', sent, { revision: '12' }, timeoutMs);
const refusing =
  (code: string, status: number): Fault =>
  (request) => {
    request.resume();
    throw new AwsError(code, 'as the test wants it', status);
  };
const hangingUp: Fault = (request) => void request.socket.destroy();
/** S3 begins its answer before it knows how it ends. */
const okWith =
  (body: string): Fault =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.write('<?xml version="1.0" encoding="UTF-8"?>\n\n  \n');
    response.end(body);
  };
const lost: Fault = (request, response) => {
  response.write = () => true;
  response.end = () => response.destroy();
  return s3.handle(request, response, anyCaller, 'eu-west-1').catch(() => {});
};

async function expectStored(): Promise<void> {
  const object = s3.store.get(bucket, 'key');
  if (object === null) throw new Error('there is no object');
  expect(object.metadata).toEqual({ revision: '12' });
  expect((await buffer(s3.store.read(object))).equals(bytes)).toBe(true);
  expect(s3.uploads.list(bucket)).toEqual([]);
}

/** Neither an object nor anything of one. */
function expectNothing(): void {
  expect(s3.store.get(bucket, 'key')).toBeNull();
  expect(s3.uploads.list(bucket)).toEqual([]);
  expect(readdirSync(join(folder, 's3'))).toEqual([]);
}

const inOrder = ['POST uploads', 'PUT 1', 'PUT 2', 'PUT 3', 'POST upload'];
const error = (code: string) => `<Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`;

test('parts come one after the other', async () => {
  await put();
  expect(asked).toEqual(inOrder);
  await expectStored();
});

describe('what may pass is asked for again', () => {
  test.each<[string, string, Fault]>([
    ['a part that was cut off', 'PUT 2', hangingUp],
    ['a part at a bad moment', 'PUT 2', refusing('SlowDown', 503)],
    ['a part that S3 failed to take', 'PUT 3', refusing('InternalError', 500)],
    ['a part that came too slowly', 'PUT 1', refusing('RequestTimeout', 400)],
    ['a part whose answer was lost', 'PUT 2', lost],
    ['a beginning at a bad moment', 'POST uploads', refusing('ServiceUnavailable', 503)],
    ['an end whose answer was lost', 'POST upload', lost],
    ['an end that failed after it was answered', 'POST upload', okWith(error('InternalError'))],
  ])('%s', async (_what, request, fault) => {
    faults = [[request, fault]];
    await put();
    const once = inOrder.indexOf(request);
    expect(asked).toEqual([...inOrder.slice(0, once), request, ...inOrder.slice(once)]);
    await expectStored();
  });
});

describe('an upload that fails is given up', () => {
  const always = (request: string, fault: Fault): [string, Fault][] => Array(3).fill([request, fault]);
  test.each<[string, [string, Fault][], object, string[]]>([
    [
      'of what does not pass',
      always('PUT 2', hangingUp),
      { message: expect.stringContaining('s3 UploadPart 2 key: ') },
      ['POST uploads', 'PUT 1', 'PUT 2', 'PUT 2', 'PUT 2', 'DELETE upload'],
    ],
    [
      'of a refusal',
      [['PUT 2', refusing('AccessDenied', 403)]],
      { code: 'AccessDenied', message: expect.stringContaining('s3 UploadPart 2 key: AccessDenied: ') },
      ['POST uploads', 'PUT 1', 'PUT 2', 'DELETE upload'],
    ],
    [
      'of an answer that says of nothing that it is done',
      [['POST upload', okWith(error('InvalidPart'))]],
      { code: 'InvalidPart', message: expect.stringContaining('s3 CompleteMultipartUpload key: InvalidPart: ') },
      [...inOrder, 'DELETE upload'],
    ],
    [
      'at the second attempt where the first does not get there',
      [
        ['PUT 1', refusing('AccessDenied', 403)],
        ['DELETE upload', hangingUp],
      ],
      { code: 'AccessDenied' },
      ['POST uploads', 'PUT 1', 'DELETE upload', 'DELETE upload'],
    ],
  ])('%s', async (_why, wanted, failure, requests) => {
    faults = wanted;
    await expect(put()).rejects.toMatchObject(failure);
    expect(asked).toEqual(requests);
    expectNothing();
  });

  test('and says why it failed, not that it could not be given up', async () => {
    faults = [
      ['PUT 1', refusing('AccessDenied', 403)],
      ['DELETE upload', refusing('NoSuchUpload', 404)],
    ];
    await expect(put()).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(s3.uploads.list(bucket)).toHaveLength(1);
  });

  test('when its time is over', async () => {
    faults = [['PUT 2', () => {}]];
    await expect(put(file(), 2_000)).rejects.toThrow(/(no answer|not done) within/);
    expectNothing();
  });

  test.each<[string, { sha256?: string }, (path: string) => void, object]>([
    ['changed', { sha256: '0'.repeat(64) }, () => {}, { code: 'BadDigest' }],
    ['shrank', {}, (path) => truncateSync(path, partBytes + 10), { message: expect.stringContaining('has not the') }],
    ['is gone', {}, rmSync, { message: expect.stringContaining('ENOENT') }],
  ])('where the file %s', async (_what, said, change, failure) => {
    const sent = { ...file(), ...said };
    change(sent.path);
    await expect(put(sent)).rejects.toMatchObject(failure);
    expect(asked.at(-1)).toBe('DELETE upload');
    expectNothing();
  });
});

test('a part that arrives otherwise than it was read is refused', async () => {
  faults = [
    [
      'PUT 2',
      (request) => {
        request.headers['x-amz-checksum-sha256'] = createHash('sha256').update('otherwise').digest('base64');
        return null;
      },
    ],
  ];
  await expect(put()).rejects.toMatchObject({ code: 'BadDigest' });
  expect(asked.filter((request) => request === 'PUT 2')).toHaveLength(1);
  expectNothing();
});

test('there is no upload where S3 does not begin one', async () => {
  faults = [['POST uploads', refusing('AccessDenied', 403)]];
  await expect(put()).rejects.toMatchObject({ code: 'AccessDenied' });
  expect(asked).toEqual(['POST uploads']);
});
