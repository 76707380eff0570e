import { Fault } from '#etcd/faults.ts';
import { surveyMembers, untilSteady } from '../agents/ask.ts';
import { readGroups } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInAll } from '../plan/group.ts';
import { nextStep, servedBy } from '../plan/migration.ts';
import { keepMigration, ownMigration } from './ownMigration.ts';

type Input = Tasks['chooseTransport']['input'];

/** Decides by what the members serve what all of them are to serve next. @throws Fault `MemberNotHealthy` where one does not say */
export async function handler(input: Input): Promise<Tasks['chooseTransport']['output']> {
  const { execution, token, leaseSeconds, request } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownMigration(token);
  const surveys = await untilSteady(async () => {
    const instances = stayingInAll(await readGroups()).map(({ instanceId }) => instanceId);
    const seen = await surveyMembers(instances, execution);
    return { seen, passing: seen.filter(({ survey }) => survey === null).map(({ problem }) => problem) };
  });
  const silent = surveys.filter(({ survey }) => survey === null);
  if (silent.length > 0)
    throw new Fault(
      'MemberNotHealthy',
      `nothing more is changed: ${silent.map(({ instanceId, problem }) => `${instanceId} does not say what it serves (${problem})`).join('; ')}`,
    );
  const next = nextStep(surveys, request.to);
  const served = servedBy(surveys);
  // All of them serve it: clients may be told.
  if (next !== 'both' && record.settled !== served) await keepMigration({ ...record, settled: served });
  const wanted = { transport: next ?? served, trusted: [], issuer: '' };
  return { step: next === null ? 'done' : 'reconfigure', wanted };
}
