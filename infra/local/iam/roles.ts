/**
 * Roles and what their policies say, from the stacks' own resources: what a deployment changes counts from then on, and a home
 * that is opened again reads it from the resources that it keeps.
 */
import { managedPolicy } from './managedPolicies.ts';
import { type Statement, statementsIn } from './policy.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A statement and where it is written: the physical id of its policy or role. */
export interface GrantedStatement extends Statement {
  readonly policy: string;
}

export interface Roles {
  /** Properties of an `AWS::IAM::Role`. @throws TypeError naming what is not evaluated here */
  putRole(name: string, properties: Properties): void;
  deleteRole(name: string): void;
  /** Properties of an `AWS::IAM::Policy` or `AWS::IAM::ManagedPolicy`. @throws TypeError as putRole */
  putPolicy(id: string, properties: Properties): void;
  deletePolicy(id: string): void;
  /** Null where there is no such role. */
  statementsOf(role: string): readonly GrantedStatement[] | null;
}

interface Role {
  readonly own: readonly GrantedStatement[];
  /** ARNs. */
  readonly managed: readonly string[];
}

interface Policy {
  readonly roles: readonly string[];
  readonly statements: readonly GrantedStatement[];
}

export function createRoles(): Roles {
  const roles = new Map<string, Role>();
  const policies = new Map<string, Policy>();

  function attached(arn: string): readonly GrantedStatement[] {
    const made = policies.get(arn);
    return made?.statements ?? managedPolicy(arn).map((statement) => ({ ...statement, policy: arn }));
  }

  return {
    putRole(name, { Policies = [], ManagedPolicyArns = [] }) {
      const managed = ManagedPolicyArns as string[];
      // Refuses what is not known before anything is called.
      managed.forEach(attached);
      const own = (Policies as Properties[]).flatMap(({ PolicyDocument }) => granted(name, PolicyDocument));
      roles.set(name, { own, managed });
    },
    deleteRole: (name) => void roles.delete(name),
    putPolicy: (id, { PolicyDocument, Roles = [] }) =>
      void policies.set(id, { roles: Roles as string[], statements: granted(id, PolicyDocument) }),
    deletePolicy: (id) => void policies.delete(id),
    statementsOf(name) {
      const role = roles.get(name);
      if (role === undefined) return null;
      const inline = [...policies.values()].filter((policy) => policy.roles.includes(name));
      return [...role.own, ...inline.flatMap(({ statements }) => statements), ...role.managed.flatMap(attached)];
    },
  };
}

function granted(policy: string, document: unknown): readonly GrantedStatement[] {
  return statementsIn(document).map((statement) => ({ ...statement, policy }));
}
