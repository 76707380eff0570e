/** Each wait of the machines for two regions outlasts what it waits for, so that the agent is the one that says why. */
import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type IChainable, StateGraph } from 'aws-cdk-lib/aws-stepfunctions';
import { stepTimeoutMs } from '#etcd/upgradeStep.ts';
import { clusterBootstrap, longestSeconds } from '../../workflows/clusterBootstrap.ts';
import { longestMeasuringSeconds } from '../../workflows/measureRoundTrips.ts';
import { longestRegionChangeSeconds, multiregionMigration } from '../../workflows/multiregionMigration.ts';
import type { MachineScope } from '../../workflows/step.ts';
import { type Definition, type State, statesOf } from './definitions.ts';

const props = { memberHealthyTimeoutSeconds: 10, quotaMiB: 100, severalRegions: true };

/** Its states by name, without a synthesis of everything. */
function statesFrom(machine: (scope: MachineScope) => IChainable): ReadonlyMap<string, State> {
  const scope = new Stack(new App(), 'Stack');
  const task = LambdaFunction.fromFunctionArn(scope, 'Task', 'arn:aws:lambda:eu-west-1:123456789012:function:task');
  const functions = new Proxy({}, { get: () => task }) as MachineScope['functions'];
  const graph = new StateGraph(machine({ scope, functions }).startState, 'graph');
  return new Map(statesOf(scope.resolve(graph.toGraphJson()) as Definition));
}

const migration = statesFrom((scope) => multiregionMigration(scope, props));
const bootstrap = statesFrom((scope) => clusterBootstrap(scope, props));
const secondsOf = (states: ReadonlyMap<string, State>, name: string) => states.get(name)?.TimeoutSeconds ?? 0;

describe('setting the timing', () => {
  /** Of seven members and one on its way, each with a database that is full and the one that replaces it. */
  const eachSeconds = props.memberHealthyTimeoutSeconds + stepTimeoutMs(0, 2 * props.quotaMiB * 1024 ** 2) / 1000;

  test.each(['Wait for the member to beat so', 'Wait for the member to beat as before'])(
    '"%s" outlasts the restarts of all of them, one after the other',
    (name) => expect(secondsOf(migration, name)).toBeGreaterThan(8 * eachSeconds + 60),
  );
});

describe('measuring the round trips', () => {
  /** The task, thirty deadlines of 3 s without an answer, and six more tries. */
  const longest = 60 + 30 * 3 + 6 * 3;

  test.each([
    ['MultiregionMigration', migration],
    ['ClusterBootstrap', bootstrap],
  ])('%s waits for longer than an agent measures', (_, states) => {
    expect(secondsOf(states, 'Measure from one side')).toBeGreaterThan(longest);
  });

  test('has its time in the machine as a whole, three times, as callbacks get lost', () => {
    const inOneRegion = longestSeconds({ ...props, severalRegions: false }, 60);
    expect(longestSeconds(props, 60) - inOneRegion).toBeGreaterThan(3 * secondsOf(bootstrap, 'Measure from one side'));
    expect(longestRegionChangeSeconds(props)).toBeGreaterThan(3 * secondsOf(migration, 'Measure from one side'));
  });

  test('is over before the lease of the lock runs out', () => {
    const enable = migration.get('Enable the second region') as State & {
      readonly Parameters: { readonly leaseSeconds?: number; readonly Payload?: { readonly leaseSeconds: number } };
    };
    const leaseSeconds = enable.Parameters.leaseSeconds ?? enable.Parameters.Payload?.leaseSeconds ?? 0;
    expect(leaseSeconds).toBeGreaterThan(longestMeasuringSeconds(props));
  });
});
