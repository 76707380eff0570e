/** Lifecycle hooks and the actions that they make instances wait for. Pure. */
import { AwsError } from '../wire/service.ts';

export type Transition = 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING';
export const transitions: readonly Transition[] = [
  'autoscaling:EC2_INSTANCE_LAUNCHING',
  'autoscaling:EC2_INSTANCE_TERMINATING',
];

export type ActionResult = 'CONTINUE' | 'ABANDON';
export const actionResults: readonly ActionResult[] = ['CONTINUE', 'ABANDON'];

export interface LifecycleHook {
  readonly name: string;
  readonly group: string;
  readonly transition: Transition;
  readonly heartbeatTimeoutSeconds: number;
  readonly defaultResult: ActionResult;
  readonly notificationMetadata?: string;
}

/** One instance that waits for one hook. Times are epoch milliseconds. */
export interface LifecycleAction {
  readonly token: string;
  readonly instanceId: string;
  readonly group: string;
  readonly hook: string;
  readonly transition: Transition;
  /** As the hook had it when the action began, as on AWS. */
  readonly heartbeatTimeoutMs: number;
  readonly defaultResult: ActionResult;
  readonly heartbeatDeadlineMs: number;
  /** No heartbeat moves this one. */
  readonly globalDeadlineMs: number;
}

const heartbeatBounds = { least: 30, most: 7_200, default: 3_600 } as const;
const longestWaitSeconds = 48 * 3_600;
const hooksPerGroup = 50;

/** 100 heartbeat time-outs, at most 48 hours. */
export function globalTimeoutSeconds({ heartbeatTimeoutSeconds }: LifecycleHook): number {
  return Math.min(100 * heartbeatTimeoutSeconds, longestWaitSeconds);
}

export interface HookInput {
  readonly LifecycleHookName?: string;
  readonly AutoScalingGroupName?: string;
  readonly LifecycleTransition?: string;
  readonly HeartbeatTimeout?: number;
  readonly DefaultResult?: string;
  readonly NotificationMetadata?: string;
  readonly NotificationTargetARN?: string;
  readonly RoleARN?: string;
}

/**
 * The hook after PutLifecycleHook: what the input leaves out stays as it is.
 * @param existing all hooks of the group
 * @throws AwsError `ValidationError` or `LimitExceeded`
 */
export function hookFrom(input: HookInput, existing: readonly LifecycleHook[]): LifecycleHook {
  const name = input.LifecycleHookName ?? '';
  if (!/^[A-Za-z0-9\-_/]{1,255}$/.test(name)) throw invalid('LifecycleHookName', name, '1 to 255 of A-Z a-z 0-9 - _ /');
  if (input.NotificationTargetARN) {
    throw invalid('NotificationTargetARN', input.NotificationTargetARN, 'none: this home sends no notifications');
  }
  const before = existing.find((hook) => hook.name === name);
  if (before === undefined && existing.length >= hooksPerGroup) {
    throw new AwsError('LimitExceeded', `A group has at most ${hooksPerGroup} lifecycle hooks.`);
  }
  const transition = input.LifecycleTransition ?? before?.transition;
  const heartbeat = input.HeartbeatTimeout ?? before?.heartbeatTimeoutSeconds ?? heartbeatBounds.default;
  const { least, most } = heartbeatBounds;
  if (!Number.isInteger(heartbeat) || heartbeat < least || heartbeat > most)
    throw invalid('HeartbeatTimeout', heartbeat, `${least} to ${most} seconds`);
  const notificationMetadata = input.NotificationMetadata ?? before?.notificationMetadata;
  return {
    name,
    group: input.AutoScalingGroupName ?? '',
    transition: oneOf('LifecycleTransition', transition, transitions),
    heartbeatTimeoutSeconds: heartbeat,
    defaultResult: oneOf('DefaultResult', input.DefaultResult ?? before?.defaultResult ?? 'ABANDON', actionResults),
    ...(notificationMetadata !== undefined && { notificationMetadata }),
  };
}

/** The action that begins now. */
export function actionOf(hook: LifecycleHook, instanceId: string, token: string, nowMs: number): LifecycleAction {
  const heartbeatTimeoutMs = hook.heartbeatTimeoutSeconds * 1000;
  return {
    token,
    instanceId,
    group: hook.group,
    hook: hook.name,
    transition: hook.transition,
    heartbeatTimeoutMs,
    defaultResult: hook.defaultResult,
    heartbeatDeadlineMs: nowMs + heartbeatTimeoutMs,
    globalDeadlineMs: nowMs + globalTimeoutSeconds(hook) * 1000,
  };
}

/** The action after a heartbeat: another time-out from now on. */
export function afterHeartbeat(action: LifecycleAction, nowMs: number): LifecycleAction {
  return { ...action, heartbeatDeadlineMs: nowMs + action.heartbeatTimeoutMs };
}

/** When the action ends with its default result, epoch milliseconds. */
export function deadlineOf({ heartbeatDeadlineMs, globalDeadlineMs }: LifecycleAction): number {
  return Math.min(heartbeatDeadlineMs, globalDeadlineMs);
}

/** The result that a hook's deletion gives to whoever waits for it. */
export function resultOfDeletion({ transition }: LifecycleAction): ActionResult {
  return transition === 'autoscaling:EC2_INSTANCE_LAUNCHING' ? 'ABANDON' : 'CONTINUE';
}

/** @throws AwsError `ValidationError` naming what is allowed */
export function oneOf<T extends string>(field: string, value: string | undefined, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw invalid(field, value, allowed.join(', '));
  return found;
}

function invalid(field: string, value: unknown, allowed: string): AwsError {
  return new AwsError('ValidationError', `${field} is '${value ?? ''}'; allowed: ${allowed}`);
}
