/**
 * Route 53, REST XML: hosted zones, record sets, latency routing, atomic change batches. What it does not do: alias records,
 * other routing policies, health checks, delegation sets, DNSSEC, tags, VPC associations across accounts, throttling; a
 * private zone is answered wherever it is asked, whatever VPCs it is associated with. `infra/local/dns` answers from its
 * zones.
 */
import { readBody } from '../wire/request.ts';
import { route } from '../wire/rest.ts';
import { serviceShapes } from '../wire/schemas.ts';
import { type Authorize, AwsError, type HomeContext, type RawService } from '../wire/service.ts';
import type { HasVpc } from './associations.ts';
import { createOperations } from './operations.ts';
import { fromRequest, toAnswer } from './protocol.ts';
import { createZones, type Zones } from './zones.ts';

export interface Route53 extends RawService {
  readonly zones: Zones;
}

/** @param hasVpc whether there is such a VPC in a region */
export function createRoute53(context: HomeContext, authorize: Authorize, hasVpc: HasVpc): Route53 {
  const zones = createZones(context);
  const operations = createOperations(context, zones, hasVpc);
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
      authorize(caller, 'route53', routed.operation.name, input);
      const output = (await operation(input, caller)) as Record<string, unknown>;
      const answer = toAnswer(routed.operation, output, shape.xmlNamespace);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    },
  };
}
