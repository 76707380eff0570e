/** What a group does by itself, suspended and resumed. */
import type { Service } from '../wire/service.ts';
import type { Capacity } from './capacity.ts';
import { type ScalingProcess, scalingProcesses } from './group.ts';
import { oneOf } from './hooks.ts';

interface ProcessesInput {
  readonly AutoScalingGroupName?: string;
  /** None: all. */
  readonly ScalingProcesses?: readonly string[];
}

export function processOperations({ groups, find, reconcile }: Capacity): Service['operations'] {
  return {
    SuspendProcesses: (input: ProcessesInput) => {
      const group = find(input.AutoScalingGroupName ?? '');
      const before = group.suspendedProcesses ?? [];
      const reason = `User suspended at ${new Date().toISOString()}`;
      const added = chosen(input)
        .filter((process) => before.every(({ name }) => name !== process))
        .map((name) => ({ name, reason }));
      groups.put(group.name, { ...group, suspendedProcesses: [...before, ...added] });
    },
    ResumeProcesses: (input: ProcessesInput) => {
      const group = find(input.AutoScalingGroupName ?? '');
      const resumed = chosen(input);
      const suspendedProcesses = (group.suspendedProcesses ?? []).filter(({ name }) => !resumed.includes(name));
      groups.put(group.name, { ...group, suspendedProcesses });
      void reconcile();
    },
  };
}

function chosen({ ScalingProcesses }: ProcessesInput): readonly ScalingProcess[] {
  return ScalingProcesses?.map((name) => oneOf('ScalingProcesses', name, scalingProcesses)) ?? scalingProcesses;
}
