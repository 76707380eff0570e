/** What each stand-in service is to the wire: operations that take and return what the AWS SDK's own types say. */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';

/** Who signed a request. Signatures are not verified; the access key id says whose they are. */
export interface Caller {
  readonly accessKeyId: string;
  /** ARN of the principal: the operator, a Lambda's role session, an instance's role session. */
  readonly arn: string;
}

/** One operation: input and output in the shape of the SDK client's types (dates as `Date`, blobs as `Uint8Array`). */
// biome-ignore lint/suspicious/noExplicitAny: the wire validates the input against the SDK's schema before it gets here
export type Operation = (input: any, caller: Caller) => Promise<unknown> | unknown;

/** @throws AwsError, in the service's own form, where the caller may not do this */
export type Authorize = (caller: Pick<Caller, 'arn'>, service: string, operation: string, input: unknown) => void;

export interface Service {
  /** As in the credential scope of a signature: `ec2`, `autoscaling`, `ssm`, `states`, `kms`, `lambda`, `s3`, `dynamodb`, `monitoring`, `logs`, `sts`. */
  readonly name: string;
  /** By API name, e.g. `DescribeInstances`. What is missing answers with AWS's error for an unknown operation. */
  readonly operations: Readonly<Record<string, Operation>>;
}

/** An AWS error: `code` is the exception's name on the wire. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly statusCode: number;

  constructor(code: string, message: string, statusCode = 400) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
  }
}

/** What every stand-in service gets: its region's part of the home. What all regions share gets the first one's. */
export interface HomeContext {
  /** The data folder; of another region than the first, `regions/REGION` in it. */
  readonly folder: string;
  /** The region's SQLite file; each service makes its own tables, prefixed with its name. */
  readonly database: DatabaseSync;
  readonly region: string;
  readonly account: string;
  /**
   * First three octets of the region's loopback addresses, e.g. `127.20.1`: instances are `.10` to `.250`, and of the first
   * region `.1` is the AWS endpoint.
   */
  readonly network: string;
  /** `http://127.20.1.1:4566`, the same in all regions. */
  readonly endpoint: string;
  /** One line for the home's log. */
  readonly log: (line: string) => void;
  /** `change` with `{ topic: 'executions' | 'instances' | 'links', id: string }` whenever the page should look again. */
  readonly events: EventEmitter;
}

/** A service whose requests are not decoded by schema: S3 (bodies of any size) and DynamoDB (handed to dynalite). */
export interface RawService {
  readonly name: string;
  /** @param region that the request is signed for */
  handle(request: IncomingMessage, response: ServerResponse, caller: Caller, region: string): Promise<void>;
}
