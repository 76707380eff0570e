/** What stands against replacing the certificate authority now: every reason, not only the first. Pure. */
import { migrationProblems } from './migration.ts';
import type { Problems } from './rotationPreflight.ts';
import type { MemberSurvey, UpgradeFacts } from './upgradeFacts.ts';

/** As for every operation that restarts the members one by one, and all of them must speak TLS alone. */
export function authorityProblems(facts: UpgradeFacts): Problems {
  const { lasting, passing } = migrationProblems(facts);
  return { lasting: [...lasting, ...facts.surveys.flatMap(otherwiseServed)], passing };
}

function otherwiseServed({ instanceId, survey }: MemberSurvey): readonly string[] {
  if (survey === null || survey.security.transport === 'tls') return [];
  const serves = survey.security.transport === 'plain' ? 'plain HTTP' : 'plain HTTP beside TLS';
  return [`${instanceId} serves ${serves}: take the cluster to TLS first (MigrateToTls)`];
}
