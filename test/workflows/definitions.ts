/** The definitions of the state machines as they are synthesized. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';

export interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string; readonly StringEquals?: string }[];
  readonly TimeoutSeconds?: number;
  readonly HeartbeatSeconds?: number;
  readonly Resource?: string;
  readonly Parameters?: { readonly FunctionName?: string };
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly ItemProcessor?: Definition;
  readonly Branches?: readonly Definition[];
  readonly ErrorPath?: string;
  readonly CausePath?: string;
}
export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
}
export interface Definition {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, State>>;
}

interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties: {
          readonly Description?: string;
          readonly StateMachineName: string;
          readonly DefinitionString: { readonly 'Fn::Join': readonly [string, readonly unknown[]] };
        };
      }
    >
  >;
}

/** The machine whose name ends so; the ARN of a function ends with its task. */
export async function definitionOf(machine: string): Promise<Definition> {
  const file = join(await synthesizedAssembly({}), 'etcd-etcd.template.json');
  const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as Template;
  const found = Object.values(Resources).find(
    ({ Type, Properties }) =>
      Type === 'AWS::StepFunctions::StateMachine' && Properties.StateMachineName.endsWith(`-${machine}`),
  );
  const parts = found?.Properties.DefinitionString['Fn::Join'][1] ?? [];
  const isPartition = (part: unknown) => JSON.stringify(part) === '{"Ref":"AWS::Partition"}';
  // A function's description ends with its task, too.
  const taskIn = (part: unknown) =>
    Resources[(part as Reference)['Fn::GetAtt']?.[0] ?? '']?.Properties.Description?.split(': ').at(-1) ?? 'other';
  const resolved = (part: unknown) =>
    isPartition(part) ? 'aws' : `arn:aws:lambda:eu-west-1:123456789012:function:${taskIn(part)}`;
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : resolved(part))).join('')) as Definition;
}

interface Reference {
  readonly 'Fn::GetAtt'?: readonly [logicalId: string, attribute: string];
}

/** The states of a machine that call a task, and whether they wait until an agent finishes them. */
export async function calledTasks(
  machine: string,
): Promise<readonly { readonly name: string; readonly task: string; readonly waits: boolean }[]> {
  return statesOf(await definitionOf(machine)).flatMap(([name, { Resource = '', Parameters }]) => {
    const task = /:function:(\w+)$/.exec(Parameters?.FunctionName ?? Resource)?.[1];
    return task === undefined ? [] : [{ name, task, waits: Resource.endsWith('.waitForTaskToken') }];
  });
}

/** Its states and those inside them. */
export function statesOf({ States }: Definition): (readonly [string, State])[] {
  return Object.entries(States).flatMap(([name, state]) => [
    [name, state] as const,
    ...(state.ItemProcessor === undefined ? [] : statesOf(state.ItemProcessor)),
    ...(state.Branches ?? []).flatMap(statesOf),
  ]);
}
