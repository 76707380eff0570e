/** Signed calls to AWS: aws4 on node:http, since an SDK client in the resident process costs 8 to 40 MB. */
import type { IncomingMessage } from 'node:http';
import aws4 from 'aws4';
import { exchange, open } from './http.ts';
import type { Metadata } from './metadata.ts';

export interface Aws {
  /** One call of a JSON service. @throws AwsCallError with AWS's error name */
  call(
    service: 'dynamodb' | 'states',
    target: string,
    input: object,
    timeoutMs?: number,
  ): Promise<Record<string, unknown>>;
  /** An object's bytes as they come; null where there is none. */
  object(bucket: string, key: string, timeoutMs: number): Promise<IncomingMessage | null>;
}

/** An error that AWS answered with; `code` is its name there. */
export class AwsCallError extends Error {
  override readonly name = 'AwsCallError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** @param endpoint one for all services; null: AWS's own in the region */
export function createAws(metadata: Metadata, region: string, endpoint: string | null): Aws {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';

  async function signed(
    service: string,
    base: string,
    path: string,
    method: string,
    headers: Record<string, string>,
    body?: string,
  ) {
    const { host } = new URL(base);
    const request = {
      service,
      region,
      host,
      path,
      method,
      headers: { ...headers, host },
      ...(body !== undefined && { body }),
    };
    const result = aws4.sign(request, await metadata.credentials());
    return {
      url: `${base}${path}`,
      method,
      headers: result.headers as Record<string, string>,
      ...(body !== undefined && { body }),
    };
  }

  return {
    async call(service, target, input, timeoutMs = 5_000) {
      const base = endpoint ?? `https://${service}.${region}.${suffix}`;
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target };
      const request = await signed(service, base, '/', 'POST', headers, JSON.stringify(input));
      const { status, body } = await exchange({ ...request, timeoutMs });
      const answer = parsed(body);
      if (status === 200) return answer;
      const code =
        String(answer.__type ?? `HTTP ${status}`)
          .split('#')
          .at(-1) ?? '';
      throw new AwsCallError(code, String(answer.message ?? answer.Message ?? body.slice(0, 300)));
    },
    async object(bucket, key, timeoutMs) {
      const base = endpoint ?? `https://${bucket}.s3.${region}.${suffix}`;
      const path = endpoint === null ? `/${key}` : `/${bucket}/${key}`;
      // S3 refuses requests that do not say how their payload is signed.
      const request = await signed('s3', base, path, 'GET', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
      const response = await open({ ...request, timeoutMs });
      if (response.statusCode === 200) return response;
      response.resume();
      // Without permission to list the bucket, S3 says 403 of a key that is not there.
      if (response.statusCode === 404 || response.statusCode === 403) return null;
      throw new AwsCallError(`HTTP ${response.statusCode}`, `s3://${bucket}/${key}`);
    },
  };
}

function parsed(body: string): Record<string, unknown> {
  try {
    return body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  } catch {
    return { message: body };
  }
}
