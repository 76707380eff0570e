/** A home that is killed at any moment: group, EC2 and processes agree after it was opened again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import type { GroupMember } from '../../../../infra/local/autoscaling/group.ts';
import type { LifecycleAction } from '../../../../infra/local/autoscaling/hooks.ts';
import { processesOf } from '../../../../infra/local/ec2/processes.ts';
import { chance } from '../../../../infra/local/wire/disturbanceRules.ts';
import { documents } from '../../../../infra/local/wire/documents.ts';
import { eventually, groupName, openSmallHome, reopen, type SmallHome } from './smallHome.ts';

jest.setTimeout(120_000);

const script = join(import.meta.dirname, 'killed.ts');
const kills = 8;

test('no instance is lost, none is left over, the group reaches its capacity', async () => {
  let small = await openSmallHome(3);
  small.home.services.autoscaling.putHook({
    AutoScalingGroupName: groupName,
    LifecycleHookName: 'leave',
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    DefaultResult: 'CONTINUE',
  });
  try {
    small = await reopen(small, async () => {
      for (let seed = 1; seed <= kills; seed++) await runUntilKilled(small.folder, seed);
    });
    small.home.services.autoscaling.deleteHook(groupName, 'leave');
    small.home.services.autoscaling.updateGroup(groupName, { desiredCapacity: 2 });
    await eventually(() => settled(small, 2), 30_000);
    expect(documents<LifecycleAction>(small.home.context.database, 'autoscaling_actions').all()).toEqual([]);
    const disks = readdirSync(join(small.folder, 'instances')).sort();
    expect(disks).toEqual(running(small).sort());
    await small.home.close();
    expect(disks.flatMap((disk) => processesOf(join(small.folder, 'instances', disk)))).toEqual([]);
  } finally {
    await small.close();
  }
});

const running = ({ home }: SmallHome) =>
  home.services.ec2
    .instances()
    .filter(({ state }) => state !== 'terminated')
    .map(({ instanceId }) => instanceId);

function settled(small: SmallHome, count: number): boolean {
  const members = documents<GroupMember>(small.home.context.database, 'autoscaling_instances').all();
  const ids = running(small);
  return (
    ids.length === count &&
    members.length === count &&
    members.every((member) => member.lifecycleState === 'InService' && ids.includes(member.instanceId)) &&
    small.home.services.ec2.instances().every(({ state, booted }) => state === 'terminated' || booted)
  );
}

async function runUntilKilled(folder: string, seed: number): Promise<void> {
  const child = spawn(process.execPath, [script, folder, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, chance(seed, 9) * 700));
  child.kill('SIGKILL');
  await once(child, 'exit');
}
