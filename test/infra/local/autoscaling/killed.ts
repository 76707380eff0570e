/** Opens the home of a folder and changes its group without pause, until it is killed. Arguments: folder, seed. */
import { CompleteLifecycleActionCommand } from '@aws-sdk/client-auto-scaling';
import { chance } from '../../../../infra/local/wire/disturbanceRules.ts';
import { groupName, reopened } from './smallHome.ts';

const [, , folder = '', seed = '1'] = process.argv;
const { home, autoscaling } = await reopened(folder);
process.stdout.write('open\n');
for (let turn = 0; ; turn++) {
  const desiredCapacity = 1 + Math.floor(chance(Number(seed), turn) * 4);
  home.services.autoscaling.updateGroup(groupName, { desiredCapacity });
  const { instances } = home.services.ec2;
  const live = instances().filter(({ state }) => state === 'running');
  const chosen = live[Math.floor(chance(Number(seed), turn + 1_000) * live.length)];
  if (turn % 3 === 0 && chosen !== undefined) void home.services.ec2.terminate(chosen.instanceId, 'a test');
  for (const { instanceId } of instances().filter(({ targetLifecycleState: state }) => state === 'Terminated')) {
    const action = { AutoScalingGroupName: groupName, LifecycleHookName: 'leave', InstanceId: instanceId };
    const complete = new CompleteLifecycleActionCommand({ ...action, LifecycleActionResult: 'CONTINUE' });
    await autoscaling.send(complete).catch(() => {});
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
