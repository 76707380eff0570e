/**
 * How each service refuses what no policy allows. The words are those of "Troubleshoot access denied error messages" (AWS IAM
 * user guide); codes, statuses and what surrounds the words are each service's own. Pure.
 */
import { AwsError } from '../wire/service.ts';
import type { AccessRequest, Decision } from './evaluate.ts';

type Form = readonly [code: string, statusCode: number];

const json: Form = ['AccessDeniedException', 400];
const query: Form = ['AccessDenied', 403];

const forms: Readonly<Record<string, Form>> = {
  autoscaling: query,
  dynamodb: json,
  ec2: ['UnauthorizedOperation', 403],
  events: json,
  kms: json,
  lambda: ['AccessDeniedException', 403],
  logs: json,
  monitoring: query,
  route53: query,
  s3: query,
  ssm: json,
  states: json,
};

export interface Refused {
  /** Name of the service, as in the credential scope. */
  readonly service: string;
  /** ARN of the principal. */
  readonly principal: string;
  readonly request: Pick<AccessRequest, 'action' | 'resource'>;
  readonly decision: Exclude<Decision, 'allowed'>;
  /** `REGION:ACCOUNT` */
  readonly place: string;
}

export function refusal({ service, principal, request, decision, place }: Refused): AwsError {
  const { action } = request;
  const [code, statusCode] = forms[service] ?? query;
  const why =
    decision === 'explicitDeny'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  const on = resourceOf(service, request.resource, place);
  const said = `User: ${principal} is not authorized to perform: ${action}${on} ${why}`;
  const message = service === 'ec2' ? `You are not authorized to perform this operation. ${said}` : said;
  return new AwsError(code, message, statusCode);
}

/** Where an action knows no resources, most services name none; Systems Manager names all of its own. S3 has quotes. */
function resourceOf(service: string, resource: string, place: string): string {
  if (resource === '*') return service === 'ssm' ? ` on resource: arn:aws:ssm:${place}:*` : '';
  return ` on resource: ${service === 's3' ? `"${resource}"` : resource}`;
}
