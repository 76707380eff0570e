/** Roles and policies: what they say counts from the moment that they are made or changed. */
import type { Roles } from '../../iam/roles.ts';
import { generatedName, type Provider, type Providers, resourceId, text } from '../provider.ts';

export function identity(roles: Roles, account: string): Providers {
  return {
    'AWS::IAM::Role': {
      create(request) {
        const name = text(request.properties, 'RoleName') ?? generatedName(request);
        // The same in all regions: two stacks cannot have one of the same name.
        if (roles.statementsOf(name) !== null) throw new Error(`Role with name ${name} already exists.`);
        roles.putRole(name, request.properties);
        return {
          physicalId: name,
          attributes: { Arn: `arn:aws:iam::${account}:role/${name}`, RoleId: resourceId('AROA') },
        };
      },
      update({ properties }, existing) {
        roles.putRole(existing.physicalId, properties);
        return existing;
      },
      delete: ({ physicalId }) => roles.deleteRole(physicalId),
    },
    'AWS::IAM::Policy': policy(roles, generatedName),
    // `Ref` gives its ARN, by which roles name it.
    'AWS::IAM::ManagedPolicy': policy(roles, (request) => {
      const name = text(request.properties, 'ManagedPolicyName') ?? generatedName(request);
      return `arn:aws:iam::${account}:policy/${name}`;
    }),
  };
}

function policy(roles: Roles, idOf: (request: Parameters<Provider['create']>[0]) => string): Provider {
  return {
    create(request) {
      const id = idOf(request);
      roles.putPolicy(id, request.properties);
      return { physicalId: id, attributes: {} };
    },
    update({ properties }, existing) {
      roles.putPolicy(existing.physicalId, properties);
      return existing;
    },
    delete: ({ physicalId }) => roles.deletePolicy(physicalId),
  };
}

/** What stacks have made already, when a home is opened. */
export function restoreIdentity(roles: Roles, made: readonly MadeIdentity[]): void {
  for (const { type, physicalId, properties } of made) {
    if (type === 'AWS::IAM::Role') roles.putRole(physicalId, properties);
    else if (type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy') roles.putPolicy(physicalId, properties);
  }
}

interface MadeIdentity {
  readonly type: string;
  readonly physicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
}
