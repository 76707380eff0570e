/** `npm run upgrade`: takes a cluster, on AWS or on this machine, to another etcd, and shows how that goes. */
import { exitAfter } from '../operator/exit.ts';
import { explained, output, outputsOf } from '../operator/outputs.ts';
import { placeArguments } from '../operator/place.ts';
import { parseUpgradeOptions, type UpgradeOptions, usage, type Wants } from './options.ts';
import { reportOf } from './report.ts';
import { reportText } from './reportText.ts';
import { screenOn } from './screen.ts';

async function main(): Promise<number> {
  const options = parseUpgradeOptions(process.argv.slice(2));
  if (options.wants.what === 'help') return print(usage, 0);
  return upgrade(options, options.wants).catch((error: Error) => {
    throw explained(error, options.of);
  });
}

async function upgrade({ of, json }: UpgradeOptions, wants: Exclude<Wants, { what: 'help' }>): Promise<number> {
  const outputs = await outputsOf(of);
  const stateMachineArn = output(outputs, 'RollingUpgradeArn');
  // The SDK's clients take region and credentials from the environment: it must be complete by then.
  const { SFNClient } = await import('@aws-sdk/client-sfn');
  const { executionOf } = await import('./execution.ts');
  const { watchUpgrade } = await import('./watch.ts');
  const states = new SFNClient({});
  const again = (...more: string[]) => ['npm run upgrade --', ...placeArguments(of), ...more].join(' ');
  const screen = screenOn(json ? process.stderr : process.stdout);
  const shown = await executionOf(states, stateMachineArn, wants);
  const name = shown.arn.split(':').at(-1) ?? '';
  const comeBack = `It goes on without being watched; come back with\n  ${again('--watch', name)}`;
  screen.say(`RollingUpgrade ${name} (Ctrl-C stops watching, not the upgrade)`);
  const watched = await Promise.race([watchUpgrade(states, shown, screen), interrupted()]).catch((error: Error) => {
    screen.end();
    screen.say(`Watching ended. ${comeBack}`);
    throw error;
  });
  if (watched === 'interrupted') {
    screen.end();
    screen.say(`Stopped watching. ${comeBack}`);
    process.exit(130);
  }
  const report = reportOf(shown.arn, watched.progress, watched.ended, watched.tookMs);
  const text = json ? `${JSON.stringify(report, null, 2)}\n` : `\n${reportText(report, again)}`;
  return print(text, report.failure === null ? 0 : 1);
}

function interrupted(): Promise<'interrupted'> {
  return new Promise((stop) => process.once('SIGINT', () => stop('interrupted')));
}

function print(text: string, exitCode: number): number {
  process.stdout.write(text);
  return exitCode;
}

exitAfter(main());
