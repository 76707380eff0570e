/** What groups did and why, as DescribeScalingActivities tells it. */
import { randomUUID } from 'node:crypto';
import { type Documents, documents } from '../wire/documents.ts';
import type { HomeContext } from '../wire/service.ts';

export interface Activity {
  readonly ActivityId: string;
  readonly AutoScalingGroupName: string;
  readonly Description: string;
  readonly Cause: string;
  /** ISO 8601 */
  readonly StartTime: string;
  readonly StatusCode: 'Successful' | 'Failed';
  readonly StatusMessage?: string;
}

export interface Activities {
  readonly all: Documents<Activity>['all'];
  note(group: string, description: string, cause: string, failure?: string): void;
}

export function createActivities(context: HomeContext): Activities {
  const activities = documents<Activity>(context.database, 'autoscaling_activities');
  return {
    all: activities.all,
    note(group, description, cause, failure) {
      const activity: Activity = {
        ActivityId: randomUUID(),
        AutoScalingGroupName: group,
        Description: description,
        Cause: `At ${new Date().toISOString()} ${cause}`,
        StartTime: new Date().toISOString(),
        StatusCode: failure === undefined ? 'Successful' : 'Failed',
        ...(failure !== undefined && { StatusMessage: failure }),
      };
      activities.put(activity.ActivityId, activity);
      context.log(`${group}: ${description}: ${cause}${failure ? `: ${failure}` : ''}`);
    },
  };
}
