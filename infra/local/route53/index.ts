/**
 * Route 53, REST XML: hosted zones, record sets, atomic change batches. What it does not do: alias records, routing
 * policies, health checks, delegation sets, DNSSEC, tags, VPC associations after creation, throttling. `infra/local/dns`
 * answers from its zones.
 */
import { readBody } from '../wire/request.ts';
import { route } from '../wire/rest.ts';
import { serviceShapes } from '../wire/schemas.ts';
import { AwsError, type HomeContext, type RawService } from '../wire/service.ts';
import { createOperations } from './operations.ts';
import { fromRequest, toAnswer } from './protocol.ts';
import { createZones, type Zones } from './zones.ts';

export interface Route53 extends RawService {
  readonly zones: Zones;
}

export function createRoute53(context: HomeContext): Route53 {
  const zones = createZones(context);
  const operations = createOperations(context, zones);
  return {
    name: 'route53',
    zones,
    async handle(request, response, caller) {
      const shape = serviceShapes.route53;
      const url = new URL(request.url ?? '/', 'http://localhost');
      const routed = shape === undefined ? null : route(shape, request.method ?? 'GET', url.pathname);
      const operation = operations[routed?.operation.name ?? ''];
      if (shape === undefined || routed === null || operation === undefined) {
        const known = Object.keys(operations).sort().join(', ');
        const asked = routed?.operation.name ?? `${request.method} ${url.pathname}`;
        throw new AwsError('UnknownOperationException', `This home's route53 has no ${asked}; it has ${known}.`, 404);
      }
      const input = fromRequest(routed, url.searchParams, (await readBody(request)).toString('utf8'));
      const output = (await operation(input, caller)) as Record<string, unknown>;
      const answer = toAnswer(routed.operation, output, shape.xmlNamespace);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    },
  };
}
