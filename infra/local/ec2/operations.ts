/** The operations of the EC2 API. */
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { type DescribeInput, describing } from './describing.ts';
import { instanceAttributes } from './filters.ts';
import { type Instance, stateOf, toApi } from './instance.ts';

export interface Ec2Actions {
  /** Those that EC2 still shows, oldest first. */
  all(): readonly Instance[];
  /** @throws AwsError where there is none. */
  find(instanceId: string): Instance;
  terminate(instanceId: string, reason: string): Promise<void>;
  reboot(instanceId: string): Promise<void>;
  /** Whatever has this id. @throws AwsError where there is none. */
  tag(id: string, tags: Readonly<Record<string, string>>): void;
}

interface IdsInput {
  readonly InstanceIds?: readonly string[];
}

interface TagInput {
  readonly Resources?: readonly string[];
  readonly Tags?: readonly { readonly Key?: string; readonly Value?: string }[];
}

export function ec2Operations(context: HomeContext, actions: Ec2Actions): Service['operations'] {
  const { all, find, terminate, reboot, tag } = actions;
  return {
    DescribeInstances: (input: DescribeInput & IdsInput) => {
      refuseBoth(input);
      const { items, nextToken } = describing(input, {
        all: all(),
        ids: input.InstanceIds,
        idOf: ({ instanceId }) => instanceId,
        find,
        attributes: instanceAttributes,
      });
      return {
        Reservations: items.map((instance) => ({
          ReservationId: `r-${instance.instanceId.slice(2)}`,
          OwnerId: context.account,
          Instances: [toApi(instance, context.region)],
        })),
        ...nextToken,
      };
    },
    TerminateInstances: ({ InstanceIds = [] }: IdsInput) => {
      const before = InstanceIds.map(find);
      for (const { instanceId } of before) void terminate(instanceId, 'User initiated');
      return {
        TerminatingInstances: before.map(({ instanceId, state }) => ({
          InstanceId: instanceId,
          PreviousState: stateOf(state),
          CurrentState: stateOf(find(instanceId).state),
        })),
      };
    },
    RebootInstances: ({ InstanceIds = [] }: IdsInput) => {
      const chosen = InstanceIds.map(find);
      const wrong = chosen.find(({ state }) => state !== 'running');
      if (wrong !== undefined) {
        throw new AwsError(
          'IncorrectState',
          `The instance '${wrong.instanceId}' is not in a state from which it can be rebooted: it is ${wrong.state}.`,
        );
      }
      for (const { instanceId } of chosen) void reboot(instanceId);
    },
    CreateTags: ({ Resources = [], Tags = [] }: TagInput) => {
      const added = Object.fromEntries(Tags.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
      for (const id of Resources) tag(id, added);
    },
    DescribeAvailabilityZones: () => ({
      AvailabilityZones: zonesOf(context.region).map((ZoneName) => ({
        ZoneName,
        RegionName: context.region,
        State: 'available',
      })),
    }),
  };
}

function refuseBoth({ InstanceIds, MaxResults }: DescribeInput & IdsInput): void {
  if (MaxResults === undefined || InstanceIds === undefined) return;
  throw new AwsError(
    'InvalidParameterCombination',
    'The parameter instancesSet cannot be used with the parameter maxResults',
  );
}

export function zonesOf(region: string): readonly string[] {
  return ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
}
