/** The CDK app: what `cdk synth`, `diff` and `deploy` run. Settings come from the context. */
import { Fault } from '#etcd/faults.ts';
import { createApp } from './synthesize.ts';

try {
  createApp(undefined).synth();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
