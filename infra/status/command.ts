/** `npm run status`: how a cluster is, on AWS or on this machine, and whether anything is wrong with it. */
import { exitAfter } from '../operator/exit.ts';
import { explained, outputsOf } from '../operator/outputs.ts';
import { parseStatusOptions, usage } from './options.ts';
import { problemsOf } from './problems.ts';
import { statusText } from './text.ts';

async function main(): Promise<number> {
  const { of, json, help } = parseStatusOptions(process.argv.slice(2));
  if (help) return print(usage, 0);
  const outputs = await outputsOf(of);
  // The SDK's clients are made on import: region and credentials must be known by then.
  const { readStatus } = await import('./read.ts');
  const facts = await readStatus(outputs).catch((error: Error) => {
    throw explained(error, of);
  });
  const problems = problemsOf(facts);
  const text = json
    ? `${JSON.stringify({ ok: problems.length === 0, problems, ...facts }, null, 2)}\n`
    : statusText(facts, problems);
  return print(text, problems.length === 0 ? 0 : 1);
}

function print(text: string, exitCode: number): number {
  process.stdout.write(text);
  return exitCode;
}

exitAfter(main());
