/** The operations on lifecycle hooks and on those who wait for them. */
import { AwsError, type Service } from '../wire/service.ts';
import { hookToApi } from './api.ts';
import type { Capacity } from './capacity.ts';
import { actionResults, type HookInput, hookFrom, type LifecycleAction, oneOf, resultOfDeletion } from './hooks.ts';

interface ActionInput {
  readonly AutoScalingGroupName?: string;
  readonly LifecycleHookName?: string;
  readonly LifecycleActionToken?: string;
  readonly InstanceId?: string;
}

export function hookOperations(capacity: Capacity): Service['operations'] {
  const { lifecycle } = capacity;
  return {
    PutLifecycleHook: (input: HookInput) => putHook(capacity, input),
    DeleteLifecycleHook: (input: HookInput) =>
      deleteHook(capacity, input.AutoScalingGroupName ?? '', input.LifecycleHookName ?? ''),
    DescribeLifecycleHooks: (input: { AutoScalingGroupName?: string; LifecycleHookNames?: readonly string[] }) => {
      const { name } = capacity.find(input.AutoScalingGroupName ?? '');
      const wanted = input.LifecycleHookNames;
      const hooks = lifecycle.hooks
        .all()
        .filter((hook) => hook.group === name && (wanted === undefined || wanted.includes(hook.name)));
      return { LifecycleHooks: hooks.map(hookToApi) };
    },
    CompleteLifecycleAction: (input: ActionInput & { LifecycleActionResult?: string }) => {
      const result = oneOf('LifecycleActionResult', input.LifecycleActionResult, actionResults);
      lifecycle.complete(actionFor(capacity, input), result, 'as it was told');
    },
    RecordLifecycleActionHeartbeat: (input: ActionInput) => lifecycle.heartbeat(actionFor(capacity, input)),
  };
}

export function putHook({ lifecycle, find }: Capacity, input: HookInput): void {
  const { name: group } = find(input.AutoScalingGroupName ?? '');
  const hook = hookFrom(
    input,
    lifecycle.hooks.all().filter((one) => one.group === group),
  );
  lifecycle.hooks.put(`${group}/${hook.name}`, hook);
}

export function deleteHook({ lifecycle, find }: Capacity, groupName: string, name: string): void {
  const key = `${find(groupName).name}/${name}`;
  if (lifecycle.hooks.get(key) === null)
    throw new AwsError('ValidationError', `No Lifecycle Hook found with name ${name} in group ${groupName}`);
  lifecycle.hooks.delete(key);
  for (const action of lifecycle.actions()) {
    if (action.group === groupName && action.hook === name)
      lifecycle.complete(action, resultOfDeletion(action), 'its hook was deleted');
  }
}

/** @throws AwsError where nobody waits: nobody ever did, or the action has ended. */
function actionFor({ lifecycle, find }: Capacity, input: ActionInput): LifecycleAction {
  const { name: group } = find(input.AutoScalingGroupName ?? '');
  const { LifecycleHookName: hook = '', LifecycleActionToken: token, InstanceId: instanceId } = input;
  if (lifecycle.hooks.get(`${group}/${hook}`) === null)
    throw new AwsError('ValidationError', `No Lifecycle Hook found with name ${hook} in group ${group}`);
  const found = lifecycle
    .actions()
    .find(
      (action) =>
        action.group === group &&
        action.hook === hook &&
        (token === undefined ? action.instanceId === instanceId : action.token === token),
    );
  if (found !== undefined) return found;
  const whose = token === undefined ? `instance ID ${instanceId ?? ''}` : `token ${token}`;
  throw new AwsError('ValidationError', `No active Lifecycle Action found with ${whose}`);
}
