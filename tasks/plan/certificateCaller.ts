/** Whose request it is: the instance that a role session is named after, where the role is the cluster's. Pure. */
import type { Refused } from './certificateRefusal.ts';

export type Caller = { readonly instanceId: string } | Refused;

/** A role session (IAM user guide: IAM identifiers): the partition, account, role without its path, and the session's name. */
const sessionArn = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,64})$/;
/** EC2 names the session of an instance's role after the instance. */
const instance = /^i-[0-9a-f]{8,17}$/;

/**
 * @param userArn of the caller, as Lambda verified it
 * @param instanceRoles `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE`: what sessions of the cluster's instances begin with, in each region
 * @throws Error where one of them is none
 */
export function judgeCaller(userArn: unknown, instanceRoles: readonly string[]): Caller {
  const [, partition, account, role, session = ''] =
    typeof userArn === 'string' ? (sessionArn.exec(userArn) ?? []) : [];
  if (role === undefined) return wrong('the caller is not a session of a role');
  const wanted = instanceRoles.map(partsOf).filter((one) => one.partition === partition && one.account === account);
  if (wanted.length === 0) return wrong('the caller is of another account');
  if (!wanted.some((one) => one.role === role))
    return wrong("the caller's role is not that of this cluster's instances");
  if (!instance.test(session)) return wrong('the session of the role is not that of an instance');
  return { instanceId: session };
}

function partsOf(instanceRole: string) {
  const [, partition, account, role] = sessionArn.exec(`${instanceRole}/i-00000000`) ?? [];
  if (role === undefined) throw new Error(`${instanceRole} is not the ARN of an assumed role`);
  return { partition, account, role };
}

function wrong(why: string): Refused {
  return { refused: 'wrongCaller', why };
}
