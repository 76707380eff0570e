/** A cluster in two regions, as tests of templates synthesize it: the settings, and the stacks by what they are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';

export const inTwoRegions = {
  regions: [
    { region: 'eu-west-1', members: 3 },
    { region: 'eu-central-1', members: 2 },
  ],
};

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
}

export interface Stacks {
  readonly folder: string;
  readonly home: Template;
  readonly other: Template;
  readonly peering: Template;
}

export async function stacksOfTwoRegions(more: Readonly<Record<string, unknown>> = {}): Promise<Stacks> {
  const folder = await synthesizedAssembly({ ...inTwoRegions, ...more });
  return {
    folder,
    home: templateIn(folder, 'etcd-etcd'),
    other: templateIn(folder, 'etcd-etcd-eu-central-1'),
    peering: templateIn(folder, 'etcd-etcd-peering'),
  };
}

export function templateIn(folder: string, stack: string): Template {
  return JSON.parse(readFileSync(join(folder, `${stack}.template.json`), 'utf8')) as Template;
}

/** Logical id and resource of each one of a type. */
export function ofType({ Resources }: Template, type: string): readonly (readonly [string, Resource])[] {
  return Object.entries(Resources).filter(([, { Type }]) => Type === type);
}

export interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Of all roles: the policy's logical id, and the statement, for each of its actions that fits. */
export function allowing(template: Template, action: RegExp): readonly (readonly [string, Statement])[] {
  return ofType(template, 'AWS::IAM::Policy').flatMap(([id, { Properties }]) =>
    (Properties.PolicyDocument as { readonly Statement: readonly Statement[] }).Statement.filter(({ Action }) =>
      [Action].flat().some((one) => action.test(one)),
    ).map((statement) => [id, statement] as const),
  );
}
