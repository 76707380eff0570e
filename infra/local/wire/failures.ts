/** Errors in the shape of the protocol that the request came in. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from './service.ts';
import { escapeXml } from './xml.ts';

/** Answers with the error; whatever is no AwsError is a fault of this home and said so. */
export function sendFailure(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const failure = error instanceof AwsError ? error : internal(error);
  const id = randomUUID();
  const form = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const scope = /Credential=[^/]+\/[^/]+\/[^/]+\/(\w+)/.exec(request.headers.authorization ?? '')?.[1];
  if (scope === 's3') return xml(response, failure, s3Failure(failure, id), id);
  if (form && scope === 'ec2') return xml(response, failure, ec2Failure(failure, id), id);
  if (form || scope === 'route53') return xml(response, failure, queryFailure(failure, id), id);
  response.writeHead(failure.statusCode, {
    'content-type': request.headers['content-type'] ?? 'application/json',
    'x-amzn-errortype': failure.code,
    'x-amzn-requestid': id,
  });
  response.end(JSON.stringify({ __type: failure.code, message: failure.message, Message: failure.message }));
}

function internal(error: unknown): AwsError {
  if (error instanceof SyntaxError) return new AwsError('SerializationException', error.message);
  return new AwsError('InternalFailure', `The local home failed: ${(error as Error)?.message ?? error}`, 500);
}

function xml(response: ServerResponse, failure: AwsError, body: string, id: string): void {
  response.writeHead(failure.statusCode, {
    'content-type': 'text/xml',
    'x-amzn-requestid': id,
    'x-amz-request-id': id,
  });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}

function ec2Failure({ code, message }: AwsError, id: string): string {
  return `<Response><Errors><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error></Errors><RequestID>${id}</RequestID></Response>`;
}

function queryFailure({ code, message, statusCode }: AwsError, id: string): string {
  const type = statusCode < 500 ? 'Sender' : 'Receiver';
  return `<ErrorResponse><Error><Type>${type}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${id}</RequestId></ErrorResponse>`;
}

function s3Failure({ code, message }: AwsError, id: string): string {
  return `<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message><RequestId>${id}</RequestId></Error>`;
}
