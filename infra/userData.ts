/**
 * What an instance does at its first boot: turn SSH off, mount the data volume, install Node and the agent, start the agent.
 * Nothing else.
 */
import { UserData } from 'aws-cdk-lib/aws-ec2';
import { agentUnit, agentWrites } from './agentUnit.ts';

export interface AgentRelease {
  /** Of the bucket: the cluster's home. */
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  /** Hex; checked on the instance. */
  readonly sha256: string;
}

/** Device name of the data volume in the launch template; on Nitro it appears as an NVMe disk under another name. */
export const dataDevice = '/dev/sdf';

/**
 * The script `etcd-agent`.
 * @param node Node and its options
 */
export function launcher(node: string, bundle: string): string {
  return `#!/bin/sh\nexec ${node} ${bundle} "$@"\n`;
}

/** A small heap, and no compiler for hot code, of which the agent has none: 6 MB less resident memory. */
export const nodeOptions = '--max-semi-space-size=1 --lite-mode';

export function userData({ region, bucket, key, sha256 }: AgentRelease): UserData {
  const script = UserData.forLinux();
  script.addCommands(
    'set -euxo pipefail',
    `AGENT_REGION='${region}'`,
    `AGENT_BUCKET='${bucket}'`,
    `AGENT_KEY='${key}'`,
    `AGENT_SHA256='${sha256}'`,
    ...noSsh,
    ...again,
    ...mountDataVolume,
    ...installNode,
    ...installAgent,
  );
  return script;
}

/** No port leads to it and no key opens it; whoever has to come in does by Session Manager. Small images have none. */
const noSsh = ['systemctl disable --now sshd.service || true'];

/** A repository may be busy: about 5 minutes in all. */
const again = ['again() { for pause in 1 2 4 8 15 30 60 60 60 60; do "$@" && return; sleep "$pause"; done; "$@"; }'];

/** A volume that has a file system keeps it: it may hold a member. */
const mountDataVolume = [
  'for attempt in $(seq 1 120); do',
  `  for disk in ${dataDevice} /dev/xvdf; do [ -b "$disk" ] && DATA_DISK=$(readlink -f "$disk") && break 2; done`,
  '  sleep 1',
  'done',
  'blkid "$DATA_DISK" || mkfs.xfs "$DATA_DISK"',
  'mkdir -p /var/lib/etcd',
  'grep -q " /var/lib/etcd " /etc/fstab || echo "UUID=$(blkid -s UUID -o value "$DATA_DISK") /var/lib/etcd xfs defaults,noatime,nofail 0 2" >> /etc/fstab',
  'mountpoint -q /var/lib/etcd || mount /var/lib/etcd',
  'id etcd || useradd --system --home-dir /var/lib/etcd --shell /sbin/nologin etcd',
  'chown etcd:etcd /var/lib/etcd && chmod 700 /var/lib/etcd',
];

/** Amazon Linux 2023 carries Node by its major; the newest that the image has. */
const installNode = [
  'install_node() { dnf install -y nodejs24 || dnf install -y nodejs22; }',
  'command -v node || again install_node',
  'NODE=$(command -v node || command -v node-24 || command -v node-22)',
  // Node 22 does not start with all of them.
  `NODE_ARGUMENTS='${nodeOptions}'`,
  '"$NODE" $NODE_ARGUMENTS -e 0 || NODE_ARGUMENTS=""',
];

/**
 * Without an end: the home region, where the agent is, may be deployed later than this one, and a new role's policy takes a while until
 * it is known everywhere.
 */
const fetchAgent = [
  'fetch_agent() { aws s3 cp --region "$AGENT_REGION" "s3://$AGENT_BUCKET/$AGENT_KEY" /usr/local/lib/etcd-agent/etcd-agent.cjs.part; }',
  'until fetch_agent; do',
  '  echo "The agent cannot be had from s3://$AGENT_BUCKET/$AGENT_KEY in $AGENT_REGION yet: is that region deployed? Asking again in 15 s."',
  '  sleep 15',
  'done',
];

const installAgent = [
  // What a unit may write to has to be there when it starts.
  `mkdir -p ${agentWrites.join(' ')}`,
  'mkdir -p /usr/local/lib/etcd-agent',
  ...fetchAgent,
  'echo "$AGENT_SHA256  /usr/local/lib/etcd-agent/etcd-agent.cjs.part" | sha256sum --check',
  'mv /usr/local/lib/etcd-agent/etcd-agent.cjs.part /usr/local/lib/etcd-agent/etcd-agent.cjs',
  `cat > /usr/local/bin/etcd-agent <<LAUNCHER\n${launcher('$NODE $NODE_ARGUMENTS', '/usr/local/lib/etcd-agent/etcd-agent.cjs').replaceAll('"$@"', '"\\$@"')}LAUNCHER`,
  'chmod 755 /usr/local/bin/etcd-agent',
  `cat > /etc/systemd/system/etcd-agent.service <<'UNIT'\n${agentUnit}UNIT`,
  'systemctl daemon-reload',
  'systemctl enable --now etcd-agent.service',
];
