/** The plan of an upgrade for a person's eyes. Pure. */
import type { Gate, Hop, UpgradePlan } from '../../tasks/catalogue.ts';
import { aboutText, table } from '../operator/text.ts';
import { wayOf } from './way.ts';

export function planText({
  cluster,
  from,
  to,
  hops,
  order,
  lastBackup,
  releases,
  estimatedSeconds,
  goesOnWith,
}: UpgradePlan): string {
  if (hops.length === 0) return `Plan: every member of ${cluster} runs ${to} already`;
  const count = `${hops.length} ${hops.length === 1 ? 'hop' : 'hops'}`;
  const goesOn = goesOnWith === null ? '' : `, going on with the upgrade that began ${goesOnWith}`;
  return [
    `Plan: cluster ${cluster} from ${from} to ${to} in ${count}, about ${aboutText(estimatedSeconds * 1000)}${goesOn}`,
    ...hops.flatMap((hop, index) => [`  ${index + 1}. ${hopText(hop)}`, ...hop.gates.map(gateText)]),
    '  Members, in this order as it would be now:',
    ...table(order.map(({ member, version, leads }) => [`  ${member}`, version, leads ? 'leads' : ''])),
    `  Last backup: ${lastBackup === null ? 'none yet' : `${lastBackup.madeAt}, ${lastBackup.key}`}; ${hops.some(({ kind }) => kind === 'minor') ? 'another one is made before each minor' : 'a patch makes none'}`,
    `  Releases: ${releases.map((one) => `${one.version} (${sources[one.from]})`).join(', ')}`,
  ].join('\n');
}

const sources = { bucket: 'the cluster’s bucket', official: 'the etcd project', installed: 'the members' } as const;

function hopText(hop: Hop): string {
  const { v2Api, deletesV2Keys, raftSnapshot } = hop;
  return [
    wayOf(hop),
    ...(deletesV2Keys ? ['the keys of the v2 API deleted'] : []),
    ...(v2Api ? ['with the v2 API on'] : []),
    ...(raftSnapshot ? ['then a raft snapshot on every member'] : []),
  ].join(', ');
}

function gateText({ gate, state, reason, source }: Gate): string {
  return `     ${gate} (${state}): ${reason} [${source}]`;
}
