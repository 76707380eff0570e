/** Amazon EC2 Auto Scaling (Service Authorization Reference: list_amazonec2autoscaling). */
import type { AccessRequest } from '../evaluate.ts';
import { arnIn, type Facts, tagContext } from '../facts.ts';
import { on, onAnything, type Row } from './row.ts';

interface Input {
  readonly AutoScalingGroupName?: string;
  readonly InstanceId?: string;
}

/** With `autoscaling:ResourceTag/KEY` and `aws:ResourceTag/KEY` of the group. */
function onGroup(operation: string, name: string, facts: Facts): readonly AccessRequest[] {
  const group = facts.group(name);
  // Of a group that is not there AWS knows the name alone.
  const arn = group?.arn ?? arnIn(facts, 'autoscaling', `autoScalingGroup:*:autoScalingGroupName/${name}`);
  return [on(`autoscaling:${operation}`, arn, tagContext(group?.tags ?? {}, 'autoscaling:ResourceTag'))];
}

const named = [
  'CancelInstanceRefresh',
  'CompleteLifecycleAction',
  'DeleteLifecycleHook',
  'EnterStandby',
  'ExitStandby',
  'PutLifecycleHook',
  'RecordLifecycleActionHeartbeat',
  'ResumeProcesses',
  'SetDesiredCapacity',
  'StartInstanceRefresh',
  'SuspendProcesses',
  'UpdateAutoScalingGroup',
];
/** They name an instance; what is needed is its group. */
const byInstance = ['SetInstanceHealth', 'TerminateInstanceInAutoScalingGroup'];

const rows = (operations: readonly string[], nameOf: (input: Input, facts: Facts) => string) =>
  Object.fromEntries(
    operations.map((operation): [string, Row] => [
      operation,
      (input, facts) => onGroup(operation, nameOf(input, facts), facts),
    ]),
  );

export const autoscalingActions: Readonly<Record<string, Row>> = {
  ...onAnything(
    'autoscaling',
    'DescribeAutoScalingGroups',
    'DescribeAutoScalingInstances',
    'DescribeInstanceRefreshes',
    'DescribeLifecycleHooks',
    'DescribeScalingActivities',
  ),
  ...rows(named, ({ AutoScalingGroupName = '' }) => AutoScalingGroupName),
  ...rows(byInstance, ({ InstanceId = '' }, facts) => facts.groupOf(InstanceId) ?? ''),
};
