/** How an instance of a group comes into service and goes: through the group's lifecycle hooks, one step at a time. */
import { randomUUID } from 'node:crypto';
import type { Ec2 } from '../ec2/index.ts';
import { atomically, type Documents, documents } from '../wire/documents.ts';
import type { HomeContext } from '../wire/service.ts';
import { type GroupMember, isTerminating } from './group.ts';
import {
  type ActionResult,
  actionOf,
  afterHeartbeat,
  deadlineOf,
  type LifecycleAction,
  type LifecycleHook,
  type Transition,
} from './hooks.ts';

export interface Lifecycle {
  /** By `GROUP/NAME`. */
  readonly hooks: Documents<LifecycleHook>;
  actions(): readonly LifecycleAction[];
  /** Its instance runs: it comes into service, after the hooks of launching. */
  launched(member: GroupMember): void;
  /** It goes, after the hooks of terminating; at once where EC2 says that it is gone already. */
  terminate(member: GroupMember): void;
  complete(action: LifecycleAction, result: ActionResult, why: string): void;
  heartbeat(action: LifecycleAction): void;
  /** Forgets what anybody waits for, without a result. */
  dropActions(instanceId: string): void;
  /** Goes on where the home was closed or killed. */
  start(): void;
  stop(): void;
}

interface Parts {
  readonly ec2: Ec2;
  readonly members: Documents<GroupMember>;
  /** An instance whose launch was abandoned: it is terminated and replaced. */
  readonly abandoned: (member: GroupMember) => void;
  /** Something changed that the group's capacity depends on. */
  readonly changed: () => void;
}

export function createLifecycle(context: HomeContext, { ec2, members, abandoned, changed }: Parts): Lifecycle {
  const { database } = context;
  const hooks = documents<LifecycleHook>(database, 'autoscaling_hooks');
  const actions = documents<LifecycleAction>(database, 'autoscaling_actions');
  let timer: NodeJS.Timeout | undefined;
  let running = false;

  const waitingFor = (instanceId: string) => actions.all().filter((action) => action.instanceId === instanceId);
  const put = (member: GroupMember, lifecycleState: GroupMember['lifecycleState']) => {
    members.put(member.instanceId, { ...member, lifecycleState });
    context.events.emit('change', { topic: 'instances', id: member.instanceId });
  };

  /** @returns false where the group has no such hook */
  function wait(member: GroupMember, transition: Transition): boolean {
    const mine = hooks.all().filter((hook) => hook.group === member.group && hook.transition === transition);
    if (mine.length === 0) return false;
    atomically(database, () => {
      dropActions(member.instanceId);
      for (const hook of mine) {
        const action = actionOf(hook, member.instanceId, randomUUID(), Date.now());
        actions.put(action.token, action);
      }
      put(member, transition === 'autoscaling:EC2_INSTANCE_LAUNCHING' ? 'Pending:Wait' : 'Terminating:Wait');
    });
    arm();
    return true;
  }

  function launched(member: GroupMember): void {
    atomically(database, () => {
      ec2.announce(member.instanceId, { targetLifecycleState: 'InService' });
      if (!wait(member, 'autoscaling:EC2_INSTANCE_LAUNCHING')) put(member, 'InService');
    });
    changed();
  }

  function terminate(member: GroupMember): void {
    const { state } = ec2.instances().find(({ instanceId }) => instanceId === member.instanceId) ?? {};
    if (state === 'pending' || state === 'running') {
      return atomically(database, () => {
        ec2.announce(member.instanceId, { targetLifecycleState: 'Terminated' });
        if (!wait(member, 'autoscaling:EC2_INSTANCE_TERMINATING')) end(member, 'Terminating');
      });
    }
    dropActions(member.instanceId);
    if (state === 'shutting-down') put(member, 'Terminating');
    else members.delete(member.instanceId);
  }

  function end(member: GroupMember, lifecycleState: 'Terminating' | 'Terminating:Proceed'): void {
    put(member, lifecycleState);
    void ec2.terminate(member.instanceId, 'Auto Scaling');
  }

  function complete(action: LifecycleAction, result: ActionResult, why: string): void {
    const { instanceId, hook, group } = action;
    context.log(`${group}: lifecycle hook ${hook} of ${instanceId}: ${result}, ${why}`);
    atomically(database, () => {
      actions.delete(action.token);
      if (result === 'ABANDON') dropActions(instanceId);
      const member = members.get(instanceId);
      if (member !== null) goOn(member, action.transition, result);
    });
    arm();
  }

  /** Nothing holds it any more: both results let an instance that terminates go on terminating. */
  function goOn(member: GroupMember, transition: Transition, result: ActionResult): void {
    if (waitingFor(member.instanceId).length > 0) return;
    if (transition === 'autoscaling:EC2_INSTANCE_TERMINATING') return end(member, 'Terminating:Proceed');
    if (result === 'ABANDON') return abandoned(member);
    put(member, 'Pending:Proceed');
    setImmediate(() => proceed(member.instanceId));
  }

  function proceed(instanceId: string): void {
    const member = members.get(instanceId);
    if (!running || member?.lifecycleState !== 'Pending:Proceed') return;
    put(member, 'InService');
    changed();
  }

  function dropActions(instanceId: string): void {
    for (const { token } of waitingFor(instanceId)) actions.delete(token);
  }

  /** One timer, for the action that ends first. */
  function arm(): void {
    clearTimeout(timer);
    const deadlines = actions.all().map(deadlineOf);
    if (!running || deadlines.length === 0) return;
    timer = setTimeout(expire, Math.max(0, Math.min(...deadlines) - Date.now()));
  }

  function expire(): void {
    for (const action of actions.all()) {
      if (deadlineOf(action) <= Date.now()) complete(action, action.defaultResult, 'its time is up');
    }
    arm();
  }

  function resume(member: GroupMember): void {
    const state = ec2.instances().find(({ instanceId }) => instanceId === member.instanceId)?.state;
    const gone = state === undefined || state === 'terminated';
    if (gone && isTerminating(member)) members.delete(member.instanceId);
    else if (member.lifecycleState === 'Terminating' || member.lifecycleState === 'Terminating:Proceed')
      end(member, member.lifecycleState);
    else if (member.lifecycleState === 'Pending' && state === 'running') launched(member);
    else if (member.lifecycleState === 'Pending:Proceed') proceed(member.instanceId);
  }

  return {
    hooks,
    actions: actions.all,
    launched,
    terminate,
    complete,
    dropActions,
    heartbeat(action) {
      actions.put(action.token, afterHeartbeat(action, Date.now()));
      arm();
    },
    start() {
      running = true;
      for (const member of members.all()) resume(member);
      for (const { instanceId, token } of actions.all()) if (members.get(instanceId) === null) actions.delete(token);
      arm();
    },
    stop() {
      running = false;
      clearTimeout(timer);
    },
  };
}
