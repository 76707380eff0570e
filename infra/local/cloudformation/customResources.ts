/** Custom resources: our Lambdas called with CloudFormation's own events; they answer to a URL of this home. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Lambda } from '../lambda/index.ts';
import { readBody } from '../wire/request.ts';
import type { HomeContext } from '../wire/service.ts';
import type { Made, Provider, ResourceRequest } from './provider.ts';
import { stackId } from './stacks.ts';

export interface CustomResources {
  readonly provider: Provider;
  /** Whether a request's URL is one to which this region's Lambdas are to respond. */
  awaits(url: string): boolean;
  /** Takes the responses that the Lambdas PUT; says whether the request was one. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
}

interface CustomResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

const path = '/cloudformation-response/';
/** CloudFormation's own limit is an hour. */
const longestMs = 300_000;

export function createCustomResources(context: HomeContext, lambda: Lambda): CustomResources {
  const waiting = new Map<string, (response: CustomResponse) => void>();
  const responseTo = (url: string) => waiting.get(url.slice(path.length).split('?')[0] ?? '');

  async function send(kind: 'Create' | 'Update' | 'Delete', request: ResourceRequest, extra: object): Promise<Made> {
    const id = randomUUID();
    const { ServiceToken, ServiceTimeout: _, ...rest } = request.properties;
    const event = {
      RequestType: kind,
      RequestId: id,
      ResponseURL: `${context.endpoint}${path}${id}`,
      StackId: stackId(context, request.stackName),
      ResourceType: request.type,
      LogicalResourceId: request.logicalId,
      // CloudFormation gives a custom resource its properties as strings.
      ResourceProperties: { ServiceToken, ...(strings(rest) as object) },
      ...extra,
    };
    const answered = new Promise<CustomResponse>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${longestMs / 1000} s`)), longestMs).unref();
      waiting.set(id, (response) => {
        clearTimeout(timer);
        resolve(response);
      });
    });
    const invoked = lambda.invoke(String(ServiceToken), event).then((result) => {
      if (result.functionError !== undefined) throw new Error(JSON.stringify(result.payload));
      return answered;
    });
    const response = await Promise.race([answered, invoked]).finally(() => waiting.delete(id));
    if (response.Status !== 'SUCCESS')
      throw new Error(response.Reason ?? 'the custom resource failed without a reason');
    return { physicalId: response.PhysicalResourceId ?? id, attributes: response.Data ?? {} };
  }

  return {
    provider: {
      create: (request) => send('Create', request, {}),
      update: (request, { physicalId, properties }) =>
        send('Update', request, { PhysicalResourceId: physicalId, OldResourceProperties: strings(properties) }),
      async delete(existing, { stackName, logicalId, type }) {
        const request = { stackName, logicalId, type, properties: existing.properties };
        await send('Delete', request, { PhysicalResourceId: existing.physicalId });
      },
    },
    awaits: (url) => url.startsWith(path) && responseTo(url) !== undefined,
    handle(request, response) {
      if (request.method !== 'PUT' || !request.url?.startsWith(path)) return false;
      const resolve = responseTo(request.url);
      readBody(request).then(
        (body) => {
          response.writeHead(resolve === undefined ? 404 : 200).end();
          resolve?.(JSON.parse(body.toString('utf8')));
        },
        () => response.destroy(),
      );
      return true;
    },
  };
}

function strings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strings);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, strings(entry)]));
}
