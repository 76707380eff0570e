/** What StartInstanceRefresh asks for, as far as this home can do it. Pure. */
import { AwsError } from '../wire/service.ts';
import type { Group, GroupMember } from './group.ts';
import { oneOf } from './hooks.ts';
import type { InstanceRefresh, RefreshPreferences } from './refresh.ts';

export interface RefreshInput {
  readonly AutoScalingGroupName?: string;
  readonly Strategy?: string;
  readonly Preferences?: Readonly<Record<string, unknown>>;
  readonly DesiredConfiguration?: unknown;
}

const known = ['MinHealthyPercentage', 'MaxHealthyPercentage', 'InstanceWarmup', 'SkipMatching'];

/**
 * The refresh that begins now.
 * @param members those of the group
 * @throws AwsError `ValidationError` naming what is not allowed, or not done here
 */
export function refreshFrom(
  input: RefreshInput,
  group: Group,
  members: readonly GroupMember[],
  id: string,
  nowMs: number,
): InstanceRefresh {
  oneOf('Strategy', input.Strategy ?? 'Rolling', ['Rolling']);
  if (input.DesiredConfiguration !== undefined)
    throw refused('DesiredConfiguration', 'this home replaces instances as the group itself says');
  const preferences = preferencesFrom(input.Preferences ?? {});
  const stays = ({ launchTemplate: { id: template, version } }: GroupMember) =>
    preferences.skipMatching && template === group.launchTemplate.id && version === group.launchTemplate.version;
  if (preferences.skipMatching && group.launchTemplate.version.startsWith('$'))
    throw refused('SkipMatching', `the group's launch template is at ${group.launchTemplate.version}, not at a number`);
  const [staying, targets] = [members.filter(stays), members.filter((member) => !stays(member))];
  return {
    id,
    group: group.name,
    status: 'Pending',
    startedAtMs: nowMs,
    preferences,
    targets: targets.map(({ instanceId }) => instanceId),
    inServiceSinceMs: Object.fromEntries(staying.map(({ instanceId }) => [instanceId, 0])),
  };
}

function preferencesFrom(given: Readonly<Record<string, unknown>>): RefreshPreferences {
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && !known.includes(name)) throw refused(name, `this home knows ${known.join(', ')}`);
  const { MaxHealthyPercentage: most } = given;
  if (most !== undefined && given.MinHealthyPercentage === undefined)
    throw refused('MaxHealthyPercentage', 'it needs MinHealthyPercentage beside it');
  const minHealthyPercentage = within(given, 'MinHealthyPercentage', 0, 100) ?? 90;
  const maxHealthyPercentage = within(given, 'MaxHealthyPercentage', 100, 200);
  if ((maxHealthyPercentage ?? 0) - minHealthyPercentage > 100)
    throw refused('MaxHealthyPercentage', 'it is more than 100 above MinHealthyPercentage');
  return {
    minHealthyPercentage,
    maxHealthyPercentage,
    // AWS's default is the health check grace period; groups of this home have none.
    instanceWarmupSeconds: within(given, 'InstanceWarmup', 0, 86_400) ?? 0,
    skipMatching: given.SkipMatching === true,
  };
}

function within(given: Readonly<Record<string, unknown>>, name: string, least: number, most: number): number | null {
  const value = given[name];
  if (value === undefined) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new AwsError('ValidationError', `${name} is '${value}'; allowed: ${least} to ${most}`);
}

function refused(name: string, why: string): AwsError {
  return new AwsError('ValidationError', `${name} is not allowed here: ${why}`);
}
