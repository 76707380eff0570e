/** Wildcards in policies that are meant: each finding of cdk-nag is accepted by itself, with its reason, and no other. */
import { NagSuppressions } from 'cdk-nag';
import type { IConstruct } from 'constructs';

export interface AcceptedWildcard {
  /** What cdk-nag's finding looks like: `Resource::` and the resource, tokens in angle brackets. */
  readonly resource: RegExp;
  /** One sentence. */
  readonly reason: string;
}

/** Call it when the statements are there: suppressions reach the children that exist. */
export function acceptWildcards(construct: IConstruct, wildcards: readonly AcceptedWildcard[]): void {
  const each = new Map(wildcards.map((one) => [`${one.resource.source} ${one.reason}`, one]));
  const accepted = [...each.values()].map(({ resource, reason }) => ({
    id: 'AwsSolutions-IAM5',
    reason,
    appliesTo: [{ regex: `/${resource.source}/g` }],
  }));
  if (accepted.length > 0) NagSuppressions.addResourceSuppressions(construct, accepted, true);
}
