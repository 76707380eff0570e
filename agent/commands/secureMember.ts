/** A member's step to another transport, or to certificates of another authority: as careful as a step of an upgrade. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '#etcd/arguments.ts';
import { Fault } from '#etcd/faults.ts';
import type { SecuredMember, SecureMemberInput } from '../protocol.ts';
import { requireLock, type UpgradeContext } from './upgradeContext.ts';
import { upgradeMember } from './upgradeMember.ts';

/** etcd reads its certificates at each handshake, so the first one shows them. */
const shownWithinMs = 10_000;
const pollMs = 200;

/** @throws Fault `CertificatesNotIssued` where the signer gives none that fit; as upgradeMember */
export async function secureMember(input: SecureMemberInput, context: UpgradeContext): Promise<SecuredMember> {
  const { identity, disk, transport } = context;
  const spec = disk.member();
  if (spec === null) throw new Fault('CommandFailed', `${identity.instanceId} is not a member`);
  await requireLock(context);
  if (input.transport !== 'plain') await obtained(input, context);
  // What it reads when it starts decides whether it has to.
  const read = input.transport === 'plain' ? '' : transport.read(spec.version).onDisk;
  const start = { ...startOf(spec), transport: input.transport, read };
  const { downMs, waitedMs } = await upgradeMember({ ...start, timeoutMs: input.timeoutMs }, context);
  transport.present();
  if (input.transport !== 'plain') await requireShown(context);
  const { timeoutMs: _, ...secured } = input;
  return { ...secured, member: identity.instanceId, downMs, waitedMs };
}

async function obtained(input: SecureMemberInput, { identity, transport }: UpgradeContext): Promise<void> {
  await transport.obtain(input).catch((error: Error) => {
    throw new Fault('CertificatesNotIssued', `${identity.instanceId} has no certificates that fit: ${error.message}`);
  });
}

async function requireShown({ identity, transport }: UpgradeContext): Promise<void> {
  const deadline = performance.now() + shownWithinMs;
  while (!(await transport.isShown())) {
    if (performance.now() > deadline)
      throw new Fault(
        'MemberNotUpgraded',
        `etcd on ${identity.instanceId} does not show the certificate that it was given`,
      );
    await sleep(pollMs);
  }
}
