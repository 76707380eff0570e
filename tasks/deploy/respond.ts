/** Answers CloudFormation about a custom resource (AWS: custom resource response objects). */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface CustomResourceEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly RequestId: string;
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, string>>;
  /** Of an update: as they were. */
  readonly OldResourceProperties?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly physicalId: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Runs the work and tells CloudFormation how it went; without an answer a stack hangs for an hour. */
export async function respondWith(event: CustomResourceEvent, work: () => Promise<Outcome>): Promise<void> {
  const identity = { RequestId: event.RequestId, StackId: event.StackId, LogicalResourceId: event.LogicalResourceId };
  try {
    const { physicalId, data } = await work();
    await put(event.ResponseURL, {
      ...identity,
      Status: 'SUCCESS',
      PhysicalResourceId: physicalId,
      ...(data && { Data: data }),
    });
  } catch (error) {
    const Reason = `${(error as Error).name}: ${(error as Error).message}`.slice(0, 1_000);
    const PhysicalResourceId = event.PhysicalResourceId ?? `failed-${event.RequestId}`;
    await put(event.ResponseURL, { ...identity, Status: 'FAILED', Reason, PhysicalResourceId });
  }
}

function put(url: string, response: object): Promise<void> {
  const body = JSON.stringify(response);
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // The signed URL is for an empty content type.
    const request = send(url, {
      method: 'PUT',
      headers: { 'content-type': '', 'content-length': Buffer.byteLength(body) },
      timeout: 10_000,
    });
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error('CloudFormation did not take the response within 10 s')));
    request.once('response', (answer) => {
      answer.resume();
      answer.once('end', resolve);
    });
    request.end(body);
  });
}
