/** Tags that a request gives to what it makes. Pure. */
import { AwsError } from '../../wire/service.ts';
import type { Tags } from './records.ts';

export interface TagSpecification {
  readonly ResourceType?: string;
  readonly Tags?: readonly { readonly Key?: string; readonly Value?: string }[];
}

/** @throws AwsError where they are for things of another type */
export function requestedTags(specifications: readonly TagSpecification[] = [], type: string): Tags {
  const other = specifications.find(({ ResourceType }) => ResourceType !== type);
  if (other !== undefined)
    throw new AwsError(
      'InvalidParameterValue',
      `'${other.ResourceType}' is not a valid taggable resource type for this operation.`,
    );
  const tags = specifications.flatMap((one) => one.Tags ?? []);
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}
