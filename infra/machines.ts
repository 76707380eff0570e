/** The state machines, with their logs and traces. */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, type IChainable, LogLevel, QueryLanguage, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { TaskName } from '../tasks/catalogue.ts';
import { clusterBootstrap, longestSeconds } from '../workflows/clusterBootstrap.ts';
import { longestMigrationSeconds, migrateToTls } from '../workflows/migrateToTls.ts';
import { longestRegionChangeSeconds, multiregionMigration } from '../workflows/multiregionMigration.ts';
import { longestReconfigurationSeconds, reconfigureMembers } from '../workflows/reconfigureMembers.ts';
import { longestUpgradeSeconds, rollingUpgrade } from '../workflows/rollingUpgrade.ts';
import {
  longestAuthorityRotationSeconds,
  rotateCertificateAuthority,
} from '../workflows/rotateCertificateAuthority.ts';
import { longestRotationSeconds, rotateInstances } from '../workflows/rotateInstances.ts';
import type { MachineScope } from '../workflows/step.ts';
import { longestHopSeconds, upgradeHop } from '../workflows/upgradeHop.ts';
import { machineName } from './names.ts';
import type { Settings } from './settings.ts';
import { acceptWildcards } from './wildcards.ts';

type Functions = Record<TaskName, IFunction>;

export function createClusterBootstrap(scope: Construct, settings: Settings, functions: Functions): StateMachine {
  const severalRegions = (settings.regions ?? []).filter(({ members }) => members > 0).length > 1;
  const props = { ...settings, severalRegions };
  return createMachine(scope, settings, {
    name: 'ClusterBootstrap',
    definition: clusterBootstrap({ scope, functions }, props),
    comment: 'From a group of empty instances to a cluster that is recorded as created',
    timeoutSeconds: longestSeconds(props, settings.instancesInServiceTimeoutSeconds),
  });
}

export function createRotateInstances(scope: Construct, settings: Settings, functions: Functions): StateMachine {
  return createApart(scope, settings, functions, {
    name: 'RotateInstances',
    definition: (machine) => rotateInstances(machine, settings),
    comment: 'Every instance replaced, one by one, the successor first',
    timeoutSeconds: longestRotationSeconds(settings),
  });
}

export function createRollingUpgrade(
  scope: Construct,
  settings: Settings,
  functions: Functions,
): { readonly upgrade: StateMachine; readonly hop: StateMachine } {
  const hop = createApart(scope, settings, functions, {
    name: 'UpgradeHop',
    definition: (machine) => upgradeHop(machine, settings),
    comment: 'Every member from one release of etcd to the next, one by one; RollingUpgrade starts it',
    timeoutSeconds: longestHopSeconds(settings),
  });
  const upgrade = createApart(scope, settings, functions, {
    name: 'RollingUpgrade',
    definition: (machine) => rollingUpgrade(machine, { ...settings, hop }),
    comment: 'To the etcd that was asked for, one minor at a time, one member at a time',
    timeoutSeconds: longestUpgradeSeconds(settings),
    starts: 'UpgradeHop',
  });
  return { upgrade, hop };
}

export function createReconfigureMembers(scope: Construct, settings: Settings, functions: Functions): StateMachine {
  return createApart(scope, settings, functions, {
    name: 'ReconfigureMembers',
    definition: (machine) => reconfigureMembers(machine, settings),
    comment: 'Every member to one transport and one set of certificates, one by one; other machines start it',
    timeoutSeconds: longestReconfigurationSeconds(settings),
  });
}

/** @param reconfigure ReconfigureMembers */
export function createMigrateToTls(
  scope: Construct,
  settings: Settings,
  functions: Functions,
  reconfigure: StateMachine,
): StateMachine {
  return createApart(scope, settings, functions, {
    name: 'MigrateToTls',
    definition: (machine) => migrateToTls(machine, { ...settings, reconfigure }),
    comment: 'A running cluster from plain HTTP to TLS, or back, by way of members that serve both',
    timeoutSeconds: longestMigrationSeconds(settings),
    starts: 'ReconfigureMembers',
  });
}

/** @param reconfigure ReconfigureMembers */
export function createRotateCertificateAuthority(
  scope: Construct,
  settings: Settings,
  functions: Functions,
  reconfigure: StateMachine,
): StateMachine {
  return createApart(scope, settings, functions, {
    name: 'RotateCertificateAuthority',
    definition: (machine) => rotateCertificateAuthority(machine, { ...settings, reconfigure }),
    comment: 'From one certificate authority to the next: trust both, show new certificates, forget the old',
    timeoutSeconds: longestAuthorityRotationSeconds(settings),
    starts: 'ReconfigureMembers',
  });
}

export function createMultiregionMigration(scope: Construct, settings: Settings, functions: Functions): StateMachine {
  return createApart(scope, settings, functions, {
    name: 'MultiregionMigration',
    definition: (machine) => multiregionMigration(machine, settings),
    comment: 'Members into a second region, out of it, or from one to the other, one by one',
    timeoutSeconds: longestRegionChangeSeconds(settings),
  });
}

interface MachineApart extends Omit<MachineProps, 'definition'> {
  readonly definition: (machine: MachineScope) => IChainable;
  /** Name of the machine whose executions it starts and follows. */
  readonly starts?: string;
}

/** Names of states are unique within a construct, and two machines have some in common: each has one of its own. */
function createApart(scope: Construct, settings: Settings, functions: Functions, props: MachineApart): StateMachine {
  const { definition, starts, ...rest } = props;
  const states = new Construct(scope, `${rest.name}States`);
  const machine = createMachine(scope, settings, { ...rest, definition: definition({ scope: states, functions }) });
  if (starts !== undefined) acceptNested(machine, starts);
  return machine;
}

/** @param nested name of the machine whose executions it starts and follows */
function acceptNested(machine: StateMachine, nested: string): void {
  acceptWildcards(machine, [
    {
      resource: new RegExp(`:states:.+:<AWS::AccountId>:execution:.*${nested}.*\\*$`),
      reason: `The names of the executions of ${nested} that it starts are not known at deployment.`,
    },
  ]);
}

interface MachineProps {
  readonly name: string;
  readonly definition: IChainable;
  readonly comment: string;
  readonly timeoutSeconds: number;
}

function createMachine(scope: Construct, settings: Settings, props: MachineProps): StateMachine {
  const { name, definition, comment, timeoutSeconds } = props;
  const logs = new LogGroup(scope, `${name}Logs`, {
    // Names that begin so need no resource policy of their own, of which an account has few.
    logGroupName: `/aws/vendedlogs/states/${Stack.of(scope).stackName}-${name}`,
    retention: RetentionDays.ONE_YEAR,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const machine = new StateMachine(scope, name, {
    // What an operator looks for in the console's list.
    stateMachineName: machineName(settings.cluster, name),
    definitionBody: DefinitionBody.fromChainable(definition),
    queryLanguage: QueryLanguage.JSON_PATH,
    comment,
    timeout: Duration.seconds(timeoutSeconds),
    tracingEnabled: true,
    logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: true },
  });
  acceptWildcards(machine, [
    { resource: /^Resource::\*$/, reason: 'X-Ray and log delivery know no resources.' },
    { resource: /^Resource::<\w+\.Arn>:\*$/, reason: 'To invoke a task includes its versions.' },
  ]);
  return machine;
}
