/** What RotateCertificateAuthority would do, by what is trusted and what the members' etcd were started with. Pure. */
import type {
  AuthorityRotationPlan,
  AuthorityState,
  CheckedAuthorityRotation,
  GenerationClients,
  WaitedClients,
} from '../catalogue.ts';
import { fits } from './memberSecurity.ts';
import type { MemberSurvey } from './upgradeFacts.ts';

export type AuthorityPlanned =
  | { readonly verdict: 'planned'; readonly plan: AuthorityRotationPlan }
  /** One sentence. */
  | { readonly verdict: 'refused'; readonly why: string };

type Request = Pick<CheckedAuthorityRotation, 'action' | 'sign' | 'drop'>;

/**
 * The wanted authority is that of the newest key; of a rollback that of the key before. It is refused where there is nothing to
 * go over to, and every member is as it should be.
 */
export function planAuthorityRotation(
  state: AuthorityState,
  surveys: readonly MemberSurvey[],
  request: Request,
  cluster: string,
  goesOn = false,
): AuthorityPlanned {
  const { authorities, deployed } = state;
  const trusted = [...new Set(authorities.map(({ generation }) => generation))];
  const newest = deployed.at(-1) ?? 0;
  if (trusted.length === 0) return refused('the cluster has no certificate authority yet: no member has certificates');
  const back = request.action === 'rollBack';
  const wanted = back ? newest - 1 : newest;
  if (back && !trusted.includes(wanted))
    return refused(
      `there is no way back to generation ${wanted}, which is not trusted any more: go on to generation ${newest + 1}, by a deployment with certificateAuthorityGeneration = ${newest + 1} and this machine`,
    );
  const alone = trusted.length === 1 && trusted[0] === wanted;
  if (alone && !goesOn && surveys.every((one) => isSettled(one, state)))
    return refused(
      back
        ? `generation ${wanted} is trusted alone already: there is nothing to take back`
        : `generation ${wanted} is trusted alone already, and this deployment has no newer key: deploy with certificateAuthorityGeneration = ${wanted + 1} first`,
    );
  const clients = state.clients.find(({ generation }) => generation === wanted) ?? nobody(wanted);
  const members = surveys.map(({ instanceId: member, survey }) => {
    const { trusted: has = [], issuer = '' } = survey?.security ?? {};
    return { member, trusted: has, issuer };
  });
  const { unaware, cutOff } = clients;
  const steps = alone ? settling(wanted) : stepsTo(wanted, trusted, { unaware, cutOff }, request);
  return { verdict: 'planned', plan: { cluster, wanted, trusted, members, clients: { unaware, cutOff }, steps } };
}

/** Leaving it as it is asks no member. */
export function planAbandonedAuthority(state: AuthorityState, cluster: string): AuthorityRotationPlan {
  const trusted = [...new Set(state.authorities.map(({ generation }) => generation))];
  const { unaware, cutOff } = nobody(0);
  const steps = ['Authorities and members stay as they are, and the lock is freed.'];
  return { cluster, wanted: trusted[0] ?? 0, trusted, members: [], clients: { unaware, cutOff }, steps };
}

function isSettled({ survey }: MemberSurvey, { authorities }: AuthorityState): boolean {
  const trusted = authorities.map(({ fingerprint }) => fingerprint);
  return survey !== null && fits(survey.security, { transport: 'tls', trusted, issuer: trusted[0] ?? '' });
}

function settling(wanted: number): readonly string[] {
  return [`Every member is restarted, one by one, where it does not trust generation ${wanted} alone yet.`];
}

function stepsTo(
  wanted: number,
  trusted: readonly number[],
  { unaware, cutOff }: Omit<GenerationClients, 'generation'>,
  { sign, drop }: Request,
): readonly string[] {
  const other = trusted.find((generation) => generation !== wanted);
  const stops = (clients: WaitedClients, now: boolean, what: string) =>
    clients.count === 0 || now ? [] : [`It ends here for now, as ${clients.count} certificates of clients ${what}.`];
  return [
    ...(trusted.includes(wanted) ? [] : [`The authority of generation ${wanted} is trusted beside ${other}.`]),
    'Every member is restarted, one by one, where it does not trust both yet.',
    ...(trusted[0] === wanted
      ? []
      : [
          ...stops(unaware, sign === 'now', `came without the CA certificate of generation ${wanted}`),
          `Generation ${wanted} signs, and every member gets certificates of it, one by one.`,
        ]),
    ...stops(cutOff, drop === 'now', `are of generation ${other}`),
    `Generation ${wanted} is trusted alone, and every member is restarted, one by one, to forget ${other}: its clients are refused from then on.`,
  ];
}

function nobody(generation: number): GenerationClients {
  const none = { count: 0, first: [] };
  return { generation, unaware: none, cutOff: none };
}

function refused(why: string): AuthorityPlanned {
  return { verdict: 'refused', why };
}
