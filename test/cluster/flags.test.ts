/** The command line that the agent gives etcd, held against what real binaries say they know. */
import { spawnSync } from 'node:child_process';
import { describe, expect, jest, test } from '@jest/globals';
import { etcdArguments } from '#etcd/arguments.ts';
import { tuningArguments } from '#etcd/tuning.ts';
import { resolveEtcd } from '../../infra/local/binaries/resolve.ts';

jest.setTimeout(60_000);

describe('every flag', () => {
  test.each(['2.0.5', '2.1.1', '2.3.8', '3.0.17', '3.2.32', '3.3.27', '3.4.15', '3.5.35', '3.6.16', '3.7.3'])(
    'is one of etcd %s',
    async (version) => {
      const timing = { heartbeatIntervalMs: 150, electionTimeoutMs: 1500 };
      const pair = { certificate: '/c', key: '/k' };
      const spec = {
        name: 'a',
        version,
        dataDir: '/d',
        address: '127.0.0.1',
        members: [],
        clusterToken: 't',
        clusterState: 'new',
        tuning: { snapshotCount: 10_000 },
        tls: { server: pair, peer: pair, trusted: '/ca' },
      } as const;
      const { stdout, stderr } = spawnSync(await resolveEtcd(version), ['--help'], { encoding: 'utf8' });
      const known = new Set([...`${stdout}${stderr}`.matchAll(/^\s*--?([a-z][a-z0-9-]+)/gm)].map(([, name]) => name));
      expect(known.size).toBeGreaterThan(20);
      const settings = { quotaBackendBytes: 1, compactionHours: 1, timing };
      const all = [...etcdArguments(spec), ...tuningArguments(version, settings)];
      const given = all.map((argument) => /^--([a-z0-9-]+)=/.exec(argument)?.[1]);
      expect(given.filter((name) => !known.has(name))).toEqual([]);
    },
  );
});
