/**
 * Clocks of instances that somebody sets while their agents run. The machine's clock is everybody's here, so the agent's
 * Node is started with what offsets `Date`; monotonic time goes on as it does on a machine whose clock is set.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, statusOf, type TestCluster } from './cluster.ts';

export interface InstanceClock {
  /** Sets it to so many milliseconds ahead of the true time. */
  set(aheadMs: number): void;
  /** Ends the agent; the next one starts with the clock as it is. */
  restartAgent(): Promise<void>;
}

/** Loaded by Node before the agent; asks the file beside it at most every few milliseconds. */
const preload = `
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const True = Date;
const file = join(__dirname, 'clock-ahead-ms');
let [aheadMs, askedAtMs] = [0, -Infinity];
function nowMs() {
  if (performance.now() - askedAtMs > 20) {
    aheadMs = Number(readFileSync(file, 'utf8'));
    askedAtMs = performance.now();
  }
  return True.now() + aheadMs;
}
globalThis.Date = new Proxy(True, {
  apply: () => new True(nowMs()).toString(),
  construct: (target, args) => new target(...(args.length === 0 ? [nowMs()] : args)),
  get: (target, name) => (name === 'now' ? nowMs : Reflect.get(target, name)),
});
`;

/** Gives an instance that has booted a clock of its own, which goes right at first; its agent is started again with it. */
export async function giveClock(cluster: TestCluster, instanceId: string): Promise<InstanceClock> {
  const machine = cluster.home.services.ec2.machine(instanceId);
  const address = (await cluster.home.instances()).find((one) => one.instanceId === instanceId)?.address;
  if (machine === null || address === undefined) throw new Error(`${instanceId} does not run`);
  const { root } = machine;
  const script = join(root, 'clock.cjs');
  const set = (aheadMs: number) => {
    // Renamed into place: the agent may read it at any moment.
    writeFileSync(join(root, 'clock-ahead-ms.new'), String(aheadMs));
    renameSync(join(root, 'clock-ahead-ms.new'), join(root, 'clock-ahead-ms'));
  };
  const restartAgent = async () => {
    const before = machine.agentPid();
    if (before !== null) process.kill(before, 'SIGKILL');
    await eventually(`the next agent of ${instanceId}`, async () => {
      const pid = machine.agentPid();
      return pid !== null && pid !== before && (await statusOf(address)) !== null;
    });
  };
  set(0);
  writeFileSync(script, preload);
  const launcher = join(root, 'usr/local/bin/etcd-agent');
  const plain = readFileSync(launcher, 'utf8');
  writeFileSync(launcher, plain.replace(/^exec ('.*?')/m, `exec $1 --require '${script}'`));
  await restartAgent();
  return { set, restartAgent };
}
