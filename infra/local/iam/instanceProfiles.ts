/** Instance profiles: what gives an instance its role. Like all of IAM, one set for all regions. */
import type { DatabaseSync } from 'node:sqlite';
import { type Documents, documents } from '../wire/documents.ts';

export interface InstanceProfile {
  readonly name: string;
  readonly arn: string;
  readonly roleName: string;
}

export function createInstanceProfiles(database: DatabaseSync): Documents<InstanceProfile> {
  return documents<InstanceProfile>(database, 'iam_instance_profiles');
}
