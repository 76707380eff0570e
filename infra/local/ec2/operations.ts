/** The operations of the EC2 API. */
import { pageOf } from '../wire/paging.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { type Filter, matches } from './filters.ts';
import { type Instance, stateOf, toApi } from './instance.ts';

export interface Ec2Actions {
  /** Those that EC2 still shows, oldest first. */
  all(): readonly Instance[];
  /** @throws AwsError where there is none. */
  find(instanceId: string): Instance;
  terminate(instanceId: string, reason: string): Promise<void>;
  reboot(instanceId: string): Promise<void>;
  tag(instanceId: string, tags: Readonly<Record<string, string>>): void;
}

interface DescribeInput {
  readonly InstanceIds?: readonly string[];
  readonly Filters?: readonly Filter[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

interface IdsInput {
  readonly InstanceIds?: readonly string[];
}

interface TagInput {
  readonly Resources?: readonly string[];
  readonly Tags?: readonly { readonly Key?: string; readonly Value?: string }[];
}

/** EC2's own bounds. */
const fewestResults = 5;
const mostResults = 1_000;

export function ec2Operations(context: HomeContext, actions: Ec2Actions): Service['operations'] {
  const { all, find, terminate, reboot, tag } = actions;
  return {
    DescribeInstances: (input: DescribeInput) => {
      checkPaging(input);
      const chosen = input.InstanceIds === undefined ? all() : input.InstanceIds.map(find);
      const matching = chosen.filter((instance) => matches(instance, input.Filters ?? []));
      const page = pageOf(matching, ({ instanceId }) => instanceId, input.MaxResults ?? mostResults, input.NextToken);
      if (page === null) throw new AwsError('InvalidParameterValue', 'Unable to parse pagination token');
      return {
        Reservations: page.items.map((instance) => ({
          ReservationId: `r-${instance.instanceId.slice(2)}`,
          OwnerId: context.account,
          Instances: [toApi(instance, context.region)],
        })),
        ...(page.nextToken !== undefined && { NextToken: page.nextToken }),
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
      for (const instance of Resources.map(find)) tag(instance.instanceId, added);
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

function checkPaging({ InstanceIds, MaxResults }: DescribeInput): void {
  if (MaxResults === undefined) return;
  if (InstanceIds !== undefined) {
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  }
  if (!Number.isInteger(MaxResults) || MaxResults < fewestResults || MaxResults > mostResults) {
    throw new AwsError(
      'InvalidParameterValue',
      `Value ( ${MaxResults} ) for parameter maxResults is invalid. Allowed: ${fewestResults} to ${mostResults}.`,
    );
  }
}

export function zonesOf(region: string): readonly string[] {
  return ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
}
