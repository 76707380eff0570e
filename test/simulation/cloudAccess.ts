/** EC2 and Auto Scaling as one agent reaches them: late, old, with entries missing, or not at all. */
import type { Instances } from '../../agent/machine/group.ts';
import type { CloudAnswer, CloudInstance } from './cloud.ts';
import { call, type Service, staleMs } from './weather.ts';
import type { Life, World } from './world.ts';

export function instancesFor(world: World, life: Life): Instances {
  const { cloud, random, weather } = world;

  function answer(service: Service): CloudAnswer {
    const given = cloud.answer(random.chance(weather.services[service].stale) ? random.between(0, staleMs) : 0);
    if (weather.denied === null) return given;
    const known = <T extends { instanceId: string }>(list: readonly T[]) =>
      list.filter(({ instanceId }) => instanceId !== weather.denied);
    const group = { ...given.group, instances: known(given.group.instances) };
    return { ...given, group, instances: known(given.instances) };
  }

  function whole<T>(service: Service, list: readonly T[]): readonly T[] {
    if (list.length === 0 || !random.chance(weather.services[service].partial)) return list;
    const left = random.below(list.length);
    return list.filter((_, index) => index !== left);
  }

  return {
    group: () =>
      call(world, life, 'autoscaling', () => {
        const { group } = answer('autoscaling');
        return { ...group, instances: whole('autoscaling', group.instances) };
      }),
    withTag: () => call(world, life, 'ec2', () => whole('ec2', answer('ec2').instances).map(described)),
    byId: (instanceId) =>
      call(world, life, 'ec2', () => {
        const found = answer('ec2').instances.find((one) => one.instanceId === instanceId);
        return found === undefined ? null : described(found);
      }),
    completeLifecycleAction: (_group, _hook, instanceId) =>
      call(world, life, 'autoscaling', () => cloud.completeHook(instanceId)),
  };
}

function described({ instanceId, state, address, zone }: Readonly<CloudInstance>) {
  return { instanceId, state, address: state === 'terminated' ? '' : address, zone };
}
