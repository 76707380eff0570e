/** The peer URL that the others have of a member: with another scheme it is changed while the member is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAt } from '#etcd/addresses.ts';
import { type MemberSpec, peerUrlOf } from '#etcd/arguments.ts';
import { isAlone, type Surroundings } from '../duties/surroundings.ts';
import type { UpgradeContext } from './upgradeContext.ts';

/** Where this member led, the others elect another leader first. */
const answerWithinMs = 10_000;
const changeTimeoutMs = 7_000;
const pollMs = 500;

/**
 * Through one of the others, so that nobody dials a scheme that this member does not speak. Before it is stopped where it is
 * alone: then nobody dials it.
 * @param stopped whether this member's etcd is
 * @throws Error where it could not be changed in time
 */
export async function movePeerUrl(
  from: MemberSpec,
  to: MemberSpec,
  stopped: boolean,
  context: UpgradeContext,
): Promise<void> {
  if (peerUrlOf(from) === peerUrlOf(to)) return;
  const deadline = performance.now() + answerWithinMs;
  for (;;) {
    const view = await context.look();
    // Of one that is alone it was done before it was stopped.
    if (isAlone(view) === stopped) return;
    const why = view.seen === null ? view.reason : await moved(view.seen, peerUrlOf(to), context);
    if (why === null) return;
    if (performance.now() > deadline)
      throw new Error(`the peer URL of ${context.identity.instanceId} was not changed: ${why}`);
    await sleep(pollMs);
  }
}

/** @returns why not; null once every healthy member has it so */
async function moved(seen: Surroundings, url: string, context: UpgradeContext): Promise<string | null> {
  const { identity, log } = context;
  const own = seen.members.find(({ peerUrls }) => isAt(peerUrls, identity.address));
  if (own === undefined) return 'no healthy member lists it';
  if (own.peerUrls.length === 1 && own.peerUrls[0] === url) return null;
  const through = seen.peers.find(({ healthy }) => healthy);
  if (through === undefined) return 'no member answers a linearizable read';
  try {
    await context.membership({ ...through, timeoutMs: changeTimeoutMs }).update(own.id, url);
    log('peer URL changed', { from: own.peerUrls, to: url, through: through.address });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
