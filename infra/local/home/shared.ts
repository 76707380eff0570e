/** What all regions of a home share: who calls it, what roles may, buckets, hosted zones, faults at the wire. */
import { createPeerings, type Peerings } from '../ec2/vpc/peerings.ts';
import type { Vpcs } from '../ec2/vpc/records.ts';
import { type Access, createAccess } from '../iam/access.ts';
import { createInstanceProfiles, type InstanceProfile } from '../iam/instanceProfiles.ts';
import { createRoles, type Roles } from '../iam/roles.ts';
import { createLinks, type HomeLinks } from '../links/index.ts';
import { createRoute53, type Route53 } from '../route53/index.ts';
import { createS3, type S3 } from '../s3/index.ts';
import { type Callers, type Credentials, createCallers } from '../wire/callers.ts';
import { createDisturbances, type Disturbances } from '../wire/disturbances.ts';
import type { Documents } from '../wire/documents.ts';
import { serviceShapes } from '../wire/schemas.ts';
import type { Authorize, HomeContext } from '../wire/service.ts';

export interface SharedServices {
  readonly callers: Callers;
  readonly operator: Credentials;
  readonly operatorArn: string;
  /** What the deployed policies say. */
  readonly roles: Roles;
  readonly profiles: Documents<InstanceProfile>;
  readonly access: Access;
  readonly s3: S3;
  readonly peerings: Peerings;
  /** The networks of each region that is open. */
  readonly vpcsOf: Map<string, Vpcs>;
  readonly route53: Route53;
  /** Faults at the wire, for tests and rehearsals. */
  readonly disturbances: Disturbances;
  /** Delays between the regions, and cuts. */
  readonly links: HomeLinks;
}

/**
 * @param authorize of calls to Route 53
 * @param links as `HomeOptions` has it
 */
export function createShared(context: HomeContext, authorize: Authorize, links = false): SharedServices {
  const callers = createCallers(context.database);
  const operatorArn = `arn:aws:iam::${context.account}:user/operator`;
  const roles = createRoles();
  const vpcsOf = new Map<string, Vpcs>();
  return {
    callers,
    operator: callers.credentialsOf(operatorArn),
    operatorArn,
    roles,
    profiles: createInstanceProfiles(context.database),
    access: createAccess(context, roles, operatorArn),
    s3: createS3(context),
    peerings: createPeerings(context.database),
    vpcsOf,
    route53: createRoute53(context, authorize, (region, vpcId) => vpcsOf.get(region)?.vpcs.get(vpcId) != null),
    // S3 and DynamoDB are not decoded by schema.
    disturbances: createDisturbances([...Object.keys(serviceShapes), 's3', 'dynamodb']),
    links: createLinks(context, links),
  };
}
