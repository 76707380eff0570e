/** Where things lie on an instance, below the agent's root (`/` on EC2). */
import { isIPv4 } from 'node:net';
import { join } from 'node:path';

export interface Layout {
  readonly root: string;
  /** The data volume. */
  readonly dataVolume: string;
  /** etcd's `--data-dir`. */
  readonly dataDir: string;
  /** The claim of this disk, see StartedRecord. */
  readonly claim: string;
  /** Instance id of the instance that the data belongs to. */
  readonly owner: string;
  /**
   * There from the moment that etcd has written to this disk: its member may have voted since. On the data volume and on the
   * root volume, so that the loss of one is seen on the other.
   */
  readonly ran: readonly [onData: string, onRoot: string];
  /** What this disk has registered in a running cluster. */
  readonly registration: string;
  /** Data that could not be used any more: kept, not used. */
  readonly setAside: string;
  /** The agent's own state: `member.json`, `supervision.json`, `fencing-token`, `ledger/`. */
  readonly state: string;
  /** Keys and certificates. */
  readonly tls: string;
  readonly run: string;
  readonly releases: string;
  readonly agentLog: string;
  readonly etcdLog: string;
}

export function layoutBelow(root: string): Layout {
  return {
    root,
    dataVolume: join(root, 'var/lib/etcd'),
    dataDir: join(root, 'var/lib/etcd/data'),
    claim: join(root, 'var/lib/etcd/claim'),
    owner: join(root, 'var/lib/etcd/owner'),
    ran: [join(root, 'var/lib/etcd/ran'), join(root, 'var/lib/etcd-agent/ran')],
    registration: join(root, 'var/lib/etcd/registration.json'),
    setAside: join(root, 'var/lib/etcd/set-aside'),
    state: join(root, 'var/lib/etcd-agent'),
    tls: join(root, 'var/lib/etcd/tls'),
    run: join(root, 'run/etcd-agent'),
    releases: join(root, 'opt/etcd/releases'),
    agentLog: join(root, 'var/log/etcd-agent/agent.log'),
    etcdLog: join(root, 'var/log/etcd/etcd.log'),
  };
}

/** What the agent is told from outside; all else it learns from instance metadata. */
export interface AgentEnvironment {
  readonly root: string;
  readonly supervisor: 'systemd' | 'child';
  /** The status endpoint listens here: a loopback address. */
  readonly statusAddress: string;
  /** etcd listens here, where something else takes the connections to the instance's address and hands them on; null: at that address. */
  readonly listenAddress: string | null;
  /** `AWS_ENDPOINT_URL`; null: AWS's own endpoints. */
  readonly awsEndpoint: string | null;
  readonly metadataEndpoint: string;
}

/** @throws Error where a variable has a value that it cannot have. */
export function agentEnvironment(variables: Readonly<Record<string, string | undefined>>): AgentEnvironment {
  const supervisor = variables.ETCD_AGENT_SUPERVISOR ?? 'systemd';
  if (supervisor !== 'systemd' && supervisor !== 'child') {
    throw new Error(`ETCD_AGENT_SUPERVISOR is '${supervisor}'; allowed: systemd, child`);
  }
  const statusAddress = variables.ETCD_AGENT_STATUS_ADDRESS ?? '127.0.0.1';
  if (!/^127\.\d+\.\d+\.\d+$/.test(statusAddress)) {
    throw new Error(`ETCD_AGENT_STATUS_ADDRESS is '${statusAddress}'; allowed: a loopback address, 127.0.0.0/8`);
  }
  const listenAddress = variables.ETCD_AGENT_LISTEN_ADDRESS ?? null;
  if (listenAddress !== null && !isIPv4(listenAddress)) {
    throw new Error(`ETCD_AGENT_LISTEN_ADDRESS is '${listenAddress}'; allowed: an IPv4 address of this host`);
  }
  return {
    root: variables.ETCD_AGENT_ROOT ?? '/',
    supervisor,
    statusAddress,
    listenAddress,
    awsEndpoint: variables.AWS_ENDPOINT_URL ?? null,
    metadataEndpoint: variables.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? 'http://169.254.169.254',
  };
}
