/**
 * `npm run audit`: what is publicly known against the packages in the lockfile, by the registry's own account (npm audit). Ends
 * with 0 where nothing is known, 1 where something is, 3 where the registry did not say: then nothing is known either way.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project } from '../bundle.ts';
import { parseSettings } from '../settings.ts';
import { createApp } from '../synthesize.ts';
import { findingsOf, reportOf } from './auditReport.ts';
import { bundledPackages } from './bundled.ts';

function main(): number {
  const { stdout, stderr } = spawnSync('npm', ['audit', '--json'], { cwd: project, encoding: 'utf8' });
  const findings = findingsOf(stdout);
  if ('unanswered' in findings) {
    process.stderr.write(`The registry answers no audit (${findings.unanswered || stderr.trim()}).\n`);
    process.stderr.write('So nothing is known of these packages, good or bad. Ask again where it does answer.\n');
    return 3;
  }
  process.stdout.write(reportOf(findings, findings.length === 0 ? new Set() : deployed()));
  return findings.length === 0 ? 0 : 1;
}

/** Names of the packages in the bundles. */
function deployed(): ReadonlySet<string> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  try {
    createApp(parseSettings({}), join(folder, 'out'), join(folder, 'bundles'));
    return new Set(bundledPackages(join(folder, 'bundles')).map(({ name }) => name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main();
