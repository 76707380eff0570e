/**
 * What identity-based policies say of a request (AWS: Policy evaluation logic): an explicit deny wins, then an allow, else it
 * is denied implicitly. Pure.
 */
import { type Context, holds } from './conditions.ts';
import { isActionLike, isResourceLike } from './patterns.ts';
import type { Statement } from './policy.ts';

/** One thing that a call needs to be allowed. */
export interface AccessRequest {
  /** `dynamodb:GetItem` */
  readonly action: string;
  /** ARN; `*` where the action knows no resources (AWS: Service Authorization Reference, column "Resource types"). */
  readonly resource: string;
  readonly context: Context;
}

export type Decision = 'allowed' | 'implicitDeny' | 'explicitDeny';

export function decide(statements: readonly Statement[], request: AccessRequest): Decision {
  const applying = statements.filter((statement) => applies(statement, request));
  if (applying.some(({ effect }) => effect === 'Deny')) return 'explicitDeny';
  return applying.length > 0 ? 'allowed' : 'implicitDeny';
}

/** Whether a statement is about the request: its action, its resource, and all of its conditions. */
export function applies({ actions, resources, conditions }: Statement, request: AccessRequest): boolean {
  return (
    actions.some((action) => isActionLike(request.action, action)) &&
    resources.some((resource) => isResourceLike(request.resource, resource)) &&
    conditions.every((condition) => holds(condition, request.context))
  );
}
