/** The process of a home's proxies: does what it is told over IPC, and ends with whoever started it. */
import { createDiallers } from './diallers.ts';
import { type Front, openFront } from './front.ts';
import type { FromProxies, ToProxies, World } from './world.ts';

const diallers = createDiallers();
const fronts = new Map<string, Front>();
let world: World = { regions: [], instances: [], links: [] };
/** Worlds are taken over one after the other. */
let taking: Promise<void> = Promise.resolve();

// Ctrl-C goes to every process of a terminal; this one is needed until the home has closed.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.once('disconnect', () => process.exit(0));
process.on('message', (message: ToProxies) => {
  taking = taking.then(() => take(message)).catch((error: Error) => say({ kind: 'log', line: String(error.stack) }));
});

async function take({ number, world: next }: ToProxies): Promise<void> {
  world = next;
  diallers.setRoots(next.instances.map(({ root }) => root));
  for (const [id, front] of fronts) {
    if (next.instances.some(({ instanceId }) => instanceId === id)) continue;
    front.close();
    fronts.delete(id);
  }
  for (const front of fronts.values()) front.worldChanged();
  const faults: Record<string, string> = {};
  const fresh = next.instances.filter(({ instanceId }) => !fronts.has(instanceId));
  await Promise.all(
    fresh.map(async (instance) => {
      try {
        const log = (line: string) => say({ kind: 'log', line: `${instance.instanceId}: ${line}` });
        fronts.set(instance.instanceId, await openFront({ instance, world: () => world, diallers, log }));
      } catch (error) {
        faults[instance.instanceId] = (error as Error).message;
      }
    }),
  );
  say({ kind: 'taken', number, faults });
}

function say(message: FromProxies): void {
  // The home may be gone: then this process ends, too.
  if (process.connected) process.send?.(message, () => {});
}
