/** State machines: CreateStateMachine and its kin. */
import { randomUUID } from 'node:crypto';
import type {
  CreateStateMachineInput,
  CreateStateMachineOutput,
  DeleteStateMachineInput,
  DescribeStateMachineInput,
  DescribeStateMachineOutput,
  ListStateMachinesInput,
  ListStateMachinesOutput,
  ListTagsForResourceInput,
  ListTagsForResourceOutput,
  LoggingConfiguration,
  Tag,
  TracingConfiguration,
  UpdateStateMachineInput,
  UpdateStateMachineOutput,
} from '@aws-sdk/client-sfn';
import { AwsError, type HomeContext, type Operation } from '../wire/service.ts';
import { parseDefinition } from './definition.ts';
import type { Engine } from './engine.ts';
import type { MachineRow } from './machineStore.ts';
import { requireManagedRule } from './managedRule.ts';
import { page, pageOf } from './paging.ts';
import { checkName } from './starting.ts';

interface Settings {
  loggingConfiguration: LoggingConfiguration;
  tracingConfiguration: TracingConfiguration;
  tags: Tag[];
}

export const settingsOf = (row: MachineRow): Settings => JSON.parse(row.settings) as Settings;

/** Throws AwsError InvalidArn, StateMachineDoesNotExist. */
export function machineOf(engine: Engine, arn: string | undefined): MachineRow {
  if (!/^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[^:]+$/.test(arn ?? '')) {
    throw new AwsError(
      'InvalidArn',
      `Invalid Arn: '${arn}' is not the ARN of a state machine without version or alias`,
    );
  }
  const row = engine.machines.get(arn ?? '');
  if (row === undefined) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  return row;
}

function refuseVersions(input: { publish?: boolean | undefined }): void {
  if (input.publish) throw new AwsError('ValidationException', 'publish: versions of state machines are not kept here');
}

export function machineOperations(context: HomeContext, engine: Engine): Record<string, Operation> {
  const { machines, store } = engine;

  engine.onEnded = ({ machineArn }) => {
    const machine = machines.get(machineArn);
    if (machine?.status === 'DELETING' && store.list(machineArn, 'RUNNING', 1, 0).length === 0) {
      machines.remove(machineArn);
    }
  };

  function create(input: CreateStateMachineInput): CreateStateMachineOutput {
    const { name = '', definition = '', roleArn = '', type = 'STANDARD' } = input;
    checkName(name);
    refuseVersions(input);
    if (type !== 'STANDARD') throw new AwsError('StateMachineTypeNotSupported', `Type ${type} is not supported here`);
    parseDefinition(definition);
    const arn = `arn:aws:states:${context.region}:${context.account}:stateMachine:${name}`;
    requireManagedRule(engine, arn, roleArn, definition);
    const existing = machines.get(arn);
    if (existing !== undefined) {
      if (existing.status === 'ACTIVE' && existing.definition === definition && existing.roleArn === roleArn) {
        return { stateMachineArn: arn, creationDate: new Date(existing.created) };
      }
      if (existing.status === 'DELETING') throw new AwsError('StateMachineDeleting', `'${arn}' is being deleted`);
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    const settings: Settings = {
      loggingConfiguration: input.loggingConfiguration ?? { level: 'OFF', includeExecutionData: false },
      tracingConfiguration: input.tracingConfiguration ?? { enabled: false },
      tags: input.tags ?? [],
    };
    const now = Date.now();
    const times = { created: now, updated: now, revision: randomUUID() };
    machines.save({
      arn,
      name,
      definition,
      roleArn,
      status: 'ACTIVE',
      ...times,
      settings: JSON.stringify(settings),
    });
    return { stateMachineArn: arn, creationDate: new Date(now) };
  }

  function update(input: UpdateStateMachineInput): UpdateStateMachineOutput {
    const row = machineOf(engine, input.stateMachineArn);
    refuseVersions(input);
    const { definition = row.definition, roleArn = row.roleArn, loggingConfiguration, tracingConfiguration } = input;
    if (row.status === 'DELETING') throw new AwsError('StateMachineDeleting', `'${row.arn}' is being deleted`);
    parseDefinition(definition);
    requireManagedRule(engine, row.arn, roleArn, definition);
    const settings: Settings = {
      ...settingsOf(row),
      ...(loggingConfiguration ? { loggingConfiguration } : {}),
      ...(tracingConfiguration ? { tracingConfiguration } : {}),
    };
    const updated = Date.now();
    const revision = randomUUID();
    machines.save({ ...row, definition, roleArn, updated, revision, settings: JSON.stringify(settings) });
    return { updateDate: new Date(updated), revisionId: revision };
  }

  /** Goes when its last execution has ended; harmless when it is not there. */
  function remove({ stateMachineArn = '' }: DeleteStateMachineInput): Record<string, never> {
    const row = machines.get(stateMachineArn);
    if (row === undefined) return {};
    if (store.list(row.arn, 'RUNNING', 1, 0).length > 0) machines.save({ ...row, status: 'DELETING' });
    else machines.remove(row.arn);
    return {};
  }

  function describe({ stateMachineArn }: DescribeStateMachineInput): DescribeStateMachineOutput {
    const row = machineOf(engine, stateMachineArn);
    const { loggingConfiguration, tracingConfiguration } = settingsOf(row);
    return {
      stateMachineArn: row.arn,
      name: row.name,
      status: row.status,
      definition: row.definition,
      roleArn: row.roleArn,
      type: 'STANDARD',
      creationDate: new Date(row.created),
      loggingConfiguration,
      tracingConfiguration,
      revisionId: row.revision,
    };
  }

  function list(input: ListStateMachinesInput): ListStateMachinesOutput {
    const { offset, limit } = pageOf(input as object, 100);
    const { rows, ...next } = page(machines.list().slice(offset, offset + limit + 1), offset, limit);
    const stateMachines = rows.map((row) => ({
      stateMachineArn: row.arn,
      name: row.name,
      type: 'STANDARD' as const,
      creationDate: new Date(row.created),
    }));
    return { stateMachines, ...next };
  }

  const listTags = ({ resourceArn }: ListTagsForResourceInput): ListTagsForResourceOutput => {
    const row = machines.get(resourceArn ?? '');
    if (row === undefined) throw new AwsError('ResourceNotFound', `Resource not found: '${resourceArn}'`);
    return { tags: settingsOf(row).tags };
  };

  return {
    CreateStateMachine: create,
    UpdateStateMachine: update,
    DeleteStateMachine: remove,
    DescribeStateMachine: describe,
    ListStateMachines: list,
    ListTagsForResource: listTags,
  };
}
