/** What the policies of a deployed stack grant, what a scenario needed of it, and what nothing needed. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { made } from '../../infra/local/cloudformation/resources.ts';
import type { Home, HomeRegion } from '../../infra/local/home.ts';
import { roleNameOf } from '../../infra/local/iam/access.ts';
import { type AccessRequest, decide } from '../../infra/local/iam/evaluate.ts';
import type { GrantedStatement } from '../../infra/local/iam/roles.ts';

export interface Recording {
  /** Role -> requests that were allowed, each once. */
  needed(role: string): readonly AccessRequest[];
  /** `ROLE ACTION RESOURCE` of what was refused, each once. */
  refused(): readonly string[];
  forgetRefused(): void;
}

/** Notes every evaluation from now on. */
export function recordAccess(home: Home): Recording {
  const allowed = new Map<string, Map<string, AccessRequest>>();
  const refused = new Set<string>();
  home.services.access.onEvaluated(({ role, request, decision }) => {
    const of = allowed.get(role) ?? new Map<string, AccessRequest>();
    allowed.set(role, of);
    if (decision === 'allowed') of.set(JSON.stringify(request), request);
    else refused.add(`${role} ${request.action} ${request.resource}`);
  });
  return {
    needed: (role) => [...(allowed.get(role)?.values() ?? [])],
    refused: () => [...refused].sort(),
    forgetRefused: () => refused.clear(),
  };
}

/** One action on one resource that one statement grants to a role. */
export interface Granted {
  /** Logical id of the role. */
  readonly role: string;
  readonly roleName: string;
  readonly statement: GrantedStatement;
  readonly action: string;
  readonly resource: string;
}

export const nameOf = ({ role, action, resource }: Granted) => `${role} ${action} on ${resource}`;

/** Everything that the deployed roles are granted, action by action and resource by resource. */
export function grantsOf({ context, services }: Pick<HomeRegion, 'context' | 'services'>): readonly Granted[] {
  return made(context)
    .filter(({ type }) => type === 'AWS::IAM::Role')
    .flatMap(({ logicalId: role, physicalId: roleName }) =>
      (services.roles.statementsOf(roleName) ?? [])
        .filter(({ effect }) => effect === 'Allow')
        .flatMap((statement) =>
          statement.actions.flatMap((action) =>
            statement.resources.map((resource) => ({ role, roleName, statement, action, resource })),
          ),
        ),
    );
}

/**
 * Whether the role would be refused something that it needed, were this one action on this one resource not granted by this
 * one statement.
 * @param statements all of the role's
 */
export function isNeeded(
  { statement, action, resource }: Granted,
  statements: readonly GrantedStatement[],
  needed: readonly AccessRequest[],
): boolean {
  const { actions, resources } = statement;
  const without = [
    ...statements.filter((one) => one !== statement),
    { ...statement, actions: actions.filter((other) => other !== action) },
    { ...statement, actions: [action], resources: resources.filter((other) => other !== resource) },
  ];
  return needed.some((request) => decide(statements, request) === 'allowed' && decide(without, request) !== 'allowed');
}

/**
 * What the state machines call by their definitions: each Task is an operation that fails without its permission, whichever
 * way an execution goes. Role -> requests.
 */
export function callsOfMachines({ context }: Home): ReadonlyMap<string, readonly AccessRequest[]> {
  const machines = made(context).filter(({ type }) => type === 'AWS::StepFunctions::StateMachine');
  return new Map(
    machines.map(({ properties }) => [
      roleNameOf(String(properties.RoleArn)),
      functionsIn(JSON.parse(String(properties.DefinitionString))).map((resource) => ({
        action: 'lambda:InvokeFunction',
        resource,
        context: {},
      })),
    ]),
  );
}

interface Task {
  readonly Type: string;
  /** A function's ARN, or that of an integration. */
  readonly Resource: string;
  readonly Parameters: { readonly FunctionName?: string };
}

/** ARNs of the functions that Tasks invoke, at whatever depth. */
function functionsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { Type, Resource = '', Parameters } = value as Partial<Task>;
  const invoked = Resource.includes(':states:::lambda:invoke') ? Parameters?.FunctionName : Resource;
  const own = Type === 'Task' && invoked?.includes(':function:') ? [invoked] : [];
  return [...own, ...Object.values(value).flatMap(functionsIn)];
}

/**
 * A copy of an assembly in which a role's policy lacks some statements.
 * @param role what the logical id of the role's policy begins with
 * @param about of their JSON
 * @param copy its folder, which is made anew
 */
export function withoutStatement(assembly: string, role: string, about: RegExp, copy: string): string {
  rmSync(copy, { recursive: true, force: true });
  cpSync(assembly, copy, { recursive: true });
  const file = join(copy, 'etcd-etcd.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, PolicyResource> };
  const found = Object.entries(template.Resources).find(
    ([id, { Type }]) => Type === 'AWS::IAM::Policy' && id.startsWith(`${role}Role`),
  )?.[1];
  if (found === undefined) throw new Error(`the stack has no policy of ${role}`);
  const document = found.Properties.PolicyDocument;
  document.Statement = document.Statement.filter((statement) => !about.test(JSON.stringify(statement)));
  writeFileSync(file, JSON.stringify(template));
  return copy;
}

interface PolicyResource {
  readonly Type: string;
  readonly Properties: { readonly PolicyDocument: { Statement: readonly unknown[] } };
}
