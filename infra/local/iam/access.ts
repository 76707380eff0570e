/** Who may do what in this home: the operator everything, a role session what the policies of its role allow. */
import type { Caller, HomeContext } from '../wire/service.ts';
import { type AccessRequest, type Decision, decide } from './evaluate.ts';
import { refusal } from './refusal.ts';
import type { Roles } from './roles.ts';

/** One evaluation, for those who want to know what was needed. */
export interface Evaluation {
  readonly service: string;
  /** ARN of the role session. */
  readonly principal: string;
  readonly role: string;
  readonly request: AccessRequest;
  readonly decision: Decision;
}

type Principal = Pick<Caller, 'arn'>;

export interface Access {
  /**
   * @param service as in the credential scope: the refusal has its form
   * @param region that is called
   * @throws AwsError for the first request that is not allowed
   */
  require(caller: Principal, service: string, requests: readonly AccessRequest[], region: string): void;
  allows(caller: Principal, service: string, request: AccessRequest): boolean;
  /** Told of every evaluation of a role session. @returns what ends that */
  onEvaluated(listener: (evaluation: Evaluation) => void): () => void;
}

const session = /^arn:aws:sts::\d{12}:assumed-role\/([^/]+)\/.+$/;

/** As `AssumeRole` names a session. */
export function sessionArn(account: string, role: string, sessionName: string): string {
  return `arn:aws:sts::${account}:assumed-role/${role}/${sessionName}`;
}

/** Name of a role that its ARN ends with. */
export function roleNameOf(roleArn: string): string {
  return roleArn.split('/').at(-1) ?? '';
}

export function createAccess(
  { account }: Pick<HomeContext, 'account'>,
  roles: Pick<Roles, 'statementsOf'>,
  operatorArn: string,
): Access {
  const listeners = new Set<(evaluation: Evaluation) => void>();

  function evaluate({ arn }: Principal, service: string, request: AccessRequest): Decision {
    if (arn === operatorArn) return 'allowed';
    const role = session.exec(arn)?.[1] ?? '';
    const decision = decide(roles.statementsOf(role) ?? [], request);
    for (const listener of listeners) listener({ service, principal: arn, role, request, decision });
    return decision;
  }

  return {
    require(caller, service, requests, region) {
      for (const request of requests) {
        const decision = evaluate(caller, service, request);
        if (decision !== 'allowed')
          throw refusal({ service, principal: caller.arn, request, decision, place: `${region}:${account}` });
      }
    },
    allows: (caller, service, request) => evaluate(caller, service, request) === 'allowed',
    onEvaluated(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
