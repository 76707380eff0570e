/** What an instance is exposed to, and what its programs may do: the synthesized launch template, user data and units. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { unitText } from '../../agent/machine/systemdUnit.ts';
import { agentUnit } from '../../infra/agentUnit.ts';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';

jest.setTimeout(120_000);

type Properties = Readonly<Record<string, unknown>>;
let folder: string;
let resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Properties }>>;
const all = (type: string): Properties[] =>
  Object.values(resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);
const template = () => all('AWS::EC2::LaunchTemplate')[0]?.LaunchTemplateData as Properties;

beforeAll(async () => {
  folder = await synthesizedAssembly({ clientCidrs: ['10.8.0.0/16'] });
  resources = JSON.parse(readFileSync(join(folder, 'etcd-etcd.template.json'), 'utf8')).Resources;
});

describe('an instance', () => {
  test('gives the keys of its role to nobody who asks through it', () => {
    expect(template().MetadataOptions).toMatchObject({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
    });
  });

  test('has no way in but for clients and members', () => {
    expect(template().KeyName).toBeUndefined();
    expect(all('AWS::EC2::KeyPair')).toEqual([]);
    for (const { AssociatePublicIpAddress } of template().NetworkInterfaces as Properties[])
      expect(AssociatePublicIpAddress).toBe(false);
    const rules = [
      ...all('AWS::EC2::SecurityGroupIngress'),
      ...all('AWS::EC2::SecurityGroup').flatMap(
        ({ SecurityGroupIngress = [] }) => SecurityGroupIngress as Properties[],
      ),
    ];
    expect(rules.map(({ IpProtocol, FromPort, ToPort }) => [IpProtocol, FromPort, ToPort]).sort()).toEqual([
      ['tcp', 2379, 2379],
      ['tcp', 2379, 2380],
    ]);
  });

  test('has encrypted disks only', () => {
    const disks = template().BlockDeviceMappings as { DeviceName: string; Ebs: Properties }[];
    expect(disks.map(({ DeviceName, Ebs }) => [DeviceName, Ebs.Encrypted])).toEqual([
      ['/dev/xvda', true],
      ['/dev/sdf', true],
    ]);
  });
});

/** User data as the instance gets it: what CloudFormation puts in is a word in capitals here. */
function userData(): string {
  const { 'Fn::Base64': script } = template().UserData as {
    'Fn::Base64': string | { 'Fn::Join': [string, unknown[]] };
  };
  if (typeof script === 'string') return script;
  return script['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'RESOLVED')).join('');
}

describe('user data', () => {
  test('is a script that stops at the first thing that fails', () => {
    expect(spawnSync('bash', ['-n'], { input: userData() }).stderr.toString()).toBe('');
    expect(userData()).toMatch(/^#!\/bin\/bash\nset -euxo pipefail\n/);
  });

  test('runs the agent that was synthesized, and no other', () => {
    const sha256 = /^AGENT_SHA256='([0-9a-f]{64})'$/m.exec(userData())?.[1];
    const [bundle] = readdirSync(folder).filter((name) => /^asset\.[0-9a-f]+\.cjs$/.test(name));
    expect(
      createHash('sha256')
        .update(readFileSync(join(folder, bundle ?? '')))
        .digest('hex'),
    ).toBe(sha256);
    const steps = ['aws s3 cp', 'sha256sum --check', 'etcd-agent.cjs.part /usr', 'enable --now etcd-agent'];
    const order = steps.map((step) => userData().indexOf(step));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
  });

  test('asks for the agent until it is there, and says so: the home region may be deployed later', () => {
    const asking = /^fetch_agent\(\)[\s\S]*?^done$/m.exec(userData())?.[0] ?? '';
    // An `aws` that finds nothing twice, and a night that is short.
    const script = `tries=0
      aws() { echo "asked $*"; tries=$((tries + 1)); [ $tries -gt 2 ]; }
      sleep() { echo "sleeps $1"; }
      set -euo pipefail; AGENT_REGION=eu-west-1 AGENT_BUCKET=bucket AGENT_KEY=agent/key
      ${asking}
      echo there`;
    const said = spawnSync('bash', ['-c', script]).stdout.toString().trim().split('\n');
    const ask = 'asked s3 cp --region eu-west-1 s3://bucket/agent/key /usr/local/lib/etcd-agent/etcd-agent.cjs.part';
    const waits = [expect.stringContaining('in eu-west-1 yet'), 'sleeps 15'];
    expect(said).toEqual([ask, ...waits, ask, ...waits, ask, 'there']);
  });

  test('turns SSH off', () => expect(userData()).toContain('systemctl disable --now sshd.service'));

  test('has a user for etcd who cannot log in and owns the data alone', () => {
    expect(userData()).toContain('useradd --system --home-dir /var/lib/etcd --shell /sbin/nologin etcd');
    expect(userData()).toContain('chown etcd:etcd /var/lib/etcd && chmod 700 /var/lib/etcd');
  });

  test('puts the unit of the agent in place', () => expect(userData()).toContain(`<<'UNIT'\n${agentUnit}UNIT\n`));
});

const etcdUnit = unitText({ binary: '/bin/true', arguments: ['--name=i-1'], dataDir: '/var/lib/etcd/data' });
const units = [
  ['etcd-agent', agentUnit],
  ['etcd', etcdUnit],
] as const;

describe.each(units)('the unit of %s', (name, text) => {
  const values = (directive: string) =>
    [...text.matchAll(new RegExp(`^${directive}=(.*)$`, 'gm'))].map(([, value]) => value);

  test.each([
    ['NoNewPrivileges', 'yes'],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['PrivateTmp', 'yes'],
    ['PrivateDevices', 'yes'],
    ['ProtectKernelTunables', 'yes'],
    ['ProtectKernelModules', 'yes'],
    ['ProtectKernelLogs', 'yes'],
    ['ProtectControlGroups', 'yes'],
    ['ProtectClock', 'yes'],
    ['RestrictNamespaces', 'yes'],
    ['RestrictRealtime', 'yes'],
    ['RestrictSUIDSGID', 'yes'],
    ['LockPersonality', 'yes'],
    ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX'],
    ['SystemCallArchitectures', 'native'],
  ])('has %s=%s', (directive, value) => expect(values(directive)).toEqual([value]));

  test('leaves few of root’s powers, and few places to write', () => {
    const powers = { etcd: '', 'etcd-agent': 'CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER' };
    expect(values('CapabilityBoundingSet')).toEqual([powers[name]]);
    const places = { etcd: '/var/lib/etcd/data', 'etcd-agent': '/var/lib/etcd /opt/etcd/releases /etc/systemd/system' };
    expect(values('ReadWritePaths')).toEqual([places[name]]);
    expect(values('SystemCallFilter')[0]).toBe('@system-service');
    expect(values('SystemCallFilter')[1]).toMatch(/^~@privileged/);
  });
});

test('the socket of the agent is in a directory for root alone', () => {
  expect(agentUnit).toContain('\nRuntimeDirectory=etcd-agent\nRuntimeDirectoryMode=0700\n');
});

/** Of the machine that runs the tests, where it has one. */
const analyzer = spawnSync('systemd-analyze', ['--version']).status === 0;

(analyzer ? describe : describe.skip)('systemd', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'units-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test.each(units)('reads every line of the unit of %s', (name, text) => {
    const file = join(scratch, `${name}.service`);
    // A program that is there on this machine, too.
    writeFileSync(file, text.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    const said = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' }).stderr;
    expect(said.split('\n').filter((line) => line.includes(file))).toEqual([]);
  });
});
