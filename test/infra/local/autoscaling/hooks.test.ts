import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  actionOf,
  afterHeartbeat,
  deadlineOf,
  globalTimeoutSeconds,
  type HookInput,
  hookFrom,
  type LifecycleHook,
  transitions,
} from '../../../../infra/local/autoscaling/hooks.ts';

const hook: LifecycleHook = {
  name: 'leave',
  group: 'members',
  transition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  heartbeatTimeoutSeconds: 900,
  defaultResult: 'CONTINUE',
};
const input: HookInput = {
  AutoScalingGroupName: 'members',
  LifecycleHookName: 'leave',
  LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
};

describe('a hook', () => {
  test('has the defaults of AWS: an hour, then ABANDON', () => {
    expect(hookFrom(input, [])).toEqual({ ...hook, heartbeatTimeoutSeconds: 3_600, defaultResult: 'ABANDON' });
  });

  test('keeps what a change of it leaves out', () => {
    const { LifecycleTransition: _, ...rest } = input;
    const changed = hookFrom({ ...rest, NotificationMetadata: 'etcd' }, [hook]);
    expect(changed).toEqual({ ...hook, notificationMetadata: 'etcd' });
  });

  test('is one of 50 at most', () => {
    const full = Array.from({ length: 50 }, (_, index) => ({ ...hook, name: `hook-${index}` }));
    expect(() => hookFrom(input, full)).toThrow('at most 50');
    expect(hookFrom({ ...input, LifecycleHookName: 'hook-7' }, full).name).toBe('hook-7');
  });

  test('waits 100 heartbeats in all, and 48 hours at most', () => {
    expect(globalTimeoutSeconds({ ...hook, heartbeatTimeoutSeconds: 30 })).toBe(3_000);
    expect(globalTimeoutSeconds({ ...hook, heartbeatTimeoutSeconds: 7_200 })).toBe(172_800);
  });

  test('without a transition, or with a target of notifications, is refused', () => {
    expect(() => hookFrom({ ...input, LifecycleTransition: 'none' }, [])).toThrow(transitions.join(', '));
    expect(() => hookFrom({ ...input, NotificationTargetARN: 'arn:aws:sns:a:b:c' }, [])).toThrow(
      'NotificationTargetARN',
    );
  });
});

test('heartbeats put off the deadline of an action, never beyond the global time-out', () => {
  const someHook = fc
    .integer({ min: 30, max: 7_200 })
    .map((heartbeatTimeoutSeconds) => ({ ...hook, heartbeatTimeoutSeconds }));
  fc.assert(
    fc.property(someHook, fc.array(fc.integer({ min: 0, max: 7_200_000 }), { maxLength: 200 }), (given, pauses) => {
      let nowMs = 1_000_000;
      let action = actionOf(given, 'i-1', 'token', nowMs);
      const last = nowMs + globalTimeoutSeconds(given) * 1000;
      for (const pauseMs of pauses) {
        nowMs += pauseMs;
        const before = deadlineOf(action);
        action = afterHeartbeat(action, nowMs);
        expect(deadlineOf(action)).toBe(Math.min(last, nowMs + given.heartbeatTimeoutSeconds * 1000));
        expect(deadlineOf(action)).toBeGreaterThanOrEqual(before);
      }
    }),
  );
});
