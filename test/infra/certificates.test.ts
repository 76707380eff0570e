/** Who may sign, who may ask, and what becomes of the key: the synthesized stack. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { synthesizedAssembly } from '../../infra/local/start/assembly.ts';

jest.setTimeout(240_000);

interface Statement {
  readonly Sid?: string;
  readonly Action: string | readonly string[];
  readonly Principal?: unknown;
  readonly Resource: unknown;
  readonly Condition?: unknown;
}
interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: of each type other properties
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

type Resources = readonly (readonly [string, Resource])[];

async function resourcesOf(settings: Record<string, unknown>): Promise<Resources> {
  const file = join(await synthesizedAssembly(settings), 'etcd-etcd.template.json');
  return Object.entries(JSON.parse(readFileSync(file, 'utf8')).Resources as Record<string, Resource>);
}

let resources: Resources;
beforeAll(async () => {
  resources = await resourcesOf({});
});

const ofType = (type: string) => resources.filter(([, { Type }]) => Type === type);
/** Of all roles: the logical id of the policy, and the statement. */
const allowing = (action: RegExp) =>
  ofType('AWS::IAM::Policy').flatMap(([id, { Properties }]) =>
    (Properties.PolicyDocument.Statement as Statement[])
      .filter(({ Action }) => [Action].flat().some((one) => action.test(one)))
      .map((statement) => [id, statement] as const),
  );

describe('the key of the certificate authority', () => {
  test('signs, on P-256, and can be had back for a month after the stack is deleted', () => {
    const [[, key], ...others] = ofType('AWS::KMS::Key') as [[string, Resource]];
    expect(others).toEqual([]);
    expect(key).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Retain' });
    expect(key.Properties).toMatchObject({
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
      PendingWindowInDays: 30,
    });
    expect(ofType('AWS::KMS::Alias')[0]?.[1].Properties.AliasName).toBe('alias/etcd-etcd-certificate-authority');
  });

  test('is used by the signer alone: the account’s administrators may do everything else', () => {
    const [[, { Properties }]] = ofType('AWS::KMS::Key') as [[string, Resource]];
    const statements = Properties.KeyPolicy.Statement as Statement[];
    const signing = statements.filter(({ Action }) => [Action].flat().some((one) => /^kms:(\*|Sign)/.test(one)));
    expect(signing).toEqual([
      expect.objectContaining({
        Action: 'kms:Sign',
        Principal: { AWS: { 'Fn::GetAtt': [expect.stringMatching(/^SignCertificatesRole/), 'Arn'] } },
        Condition: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'RAW' } },
      }),
    ]);
    const [administration] = statements.filter(({ Sid }) => Sid === 'Administration');
    expect(JSON.stringify(administration?.Principal)).toContain(':root');
    expect(administration?.Action).not.toContain('kms:CreateGrant');
  });

  test('is named in the policy of the signer and of nobody else', () => {
    const [[key]] = ofType('AWS::KMS::Key') as [[string, Resource]];
    const granted = allowing(/^kms:/);
    expect(granted).toHaveLength(1);
    expect(granted[0]?.[0]).toMatch(/^SignCertificatesRole/);
    expect(granted[0]?.[1]).toMatchObject({
      Action: ['kms:Sign', 'kms:GetPublicKey'],
      Resource: { 'Fn::GetAtt': [key, 'Arn'] },
    });
  });
});

describe('the keys of later generations', () => {
  const generation = (certificateAuthorityGeneration: number) => resourcesOf({ certificateAuthorityGeneration });
  const keysIn = (all: Resources) =>
    Object.fromEntries(all.filter(([, { Type }]) => /^AWS::KMS::(Key|Alias)$/.test(Type)));
  const named = (all: Resources, type: string) => all.filter(([, { Type }]) => Type === type).map(([id]) => id);
  let first: Resources;
  let second: Resources;
  let third: Resources;
  beforeAll(async () => {
    [first, second, third] = [resources, await generation(2), await generation(3)];
  });

  test('stand beside the one before, which stays as it is', () => {
    const shared = (before: Resources, after: Resources) =>
      Object.entries(keysIn(before)).filter(([id]) => id in keysIn(after));
    expect(named(first, 'AWS::KMS::Key')).toHaveLength(1);
    for (const [before, after, kept] of [
      [first, second, 1],
      [second, third, 1],
    ] as const) {
      expect(named(after, 'AWS::KMS::Key')).toHaveLength(2);
      const both = shared(before, after);
      // A key and its alias.
      expect(both).toHaveLength(2 * kept);
      for (const [id, resource] of both) expect([id, keysIn(after)[id]]).toEqual([id, resource]);
    }
    expect(shared(first, third)).toEqual([]);
  });

  test('are all named to the signer, oldest first, which may sign with each and alone may', () => {
    const [older, newer] = named(second, 'AWS::KMS::Key').sort((a, b) => a.length - b.length);
    const signer = second.find(([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith('SignCert'))?.[1];
    const { CERTIFICATE_KEYS, CERTIFICATE_GENERATION } = signer?.Properties.Environment.Variables ?? {};
    const arn = (id: string | undefined) => ({ 'Fn::GetAtt': [id, 'Arn'] });
    expect(CERTIFICATE_KEYS['Fn::Join'][1]).toEqual([arn(older), ',', arn(newer)]);
    expect(CERTIFICATE_GENERATION).toBe('2');
    const granted = second
      .filter(([, { Type }]) => Type === 'AWS::IAM::Policy')
      .flatMap(([id, { Properties }]) =>
        (Properties.PolicyDocument.Statement as Statement[])
          .filter(({ Action }) => JSON.stringify(Action).includes('kms:'))
          .map(({ Resource }) => [id.slice(0, 20), Resource]),
      );
    expect(granted).toEqual([['SignCertificatesRole', [arn(older), arn(newer)]]]);
    for (const [, { Properties }] of second.filter(([, { Type }]) => Type === 'AWS::KMS::Key')) {
      const statements = Properties.KeyPolicy.Statement as Statement[];
      expect(statements.filter(({ Action }) => Action === 'kms:Sign')).toHaveLength(1);
    }
  });

  test('count for the signer only once the deployment has been checked', () => {
    const [check = ''] = named(second, 'Custom::AuthorityCheck');
    const later = second.filter(([, resource]) => (resource.DependsOn ?? []).includes(check));
    expect(later.map(([id]) => id.slice(0, 15))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^SignCertificate/), expect.stringMatching(/^SignCertificate/)]),
    );
  });
});

describe('the signer', () => {
  test('answers signed requests alone', () => {
    const urls = ofType('AWS::Lambda::Url').map(([, { Properties }]) => Properties);
    expect(urls).toEqual([expect.objectContaining({ AuthType: 'AWS_IAM' })]);
    expect(ofType('AWS::Lambda::Permission').filter(([id]) => id.includes('SignCertificates'))).toEqual([]);
  });

  test('is asked by instances, by its URL and not without, and by RotateCertificateAuthority itself', () => {
    const asking = allowing(/^lambda:/).filter(([, { Resource }]) =>
      /SignCertificates|certificate-signer/.test(JSON.stringify(Resource)),
    );
    expect(asking.map(([id, { Action, Condition }]) => [id.split('Role')[0], Action, Condition])).toEqual([
      ['Member', 'lambda:GetFunctionUrlConfig', undefined],
      ['Member', 'lambda:InvokeFunctionUrl', { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } }],
      ['Member', 'lambda:InvokeFunction', { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } }],
      ['RotateCertificateAuthority', 'lambda:InvokeFunction', undefined],
    ]);
  });

  test('alone has what is kept of the authority, but for the check of a deployment, which reads it', () => {
    const having = allowing(/^dynamodb:/).filter(([, { Condition }]) =>
      JSON.stringify(Condition).includes('/authority'),
    );
    expect(having.map(([id, { Action }]) => [id.split('Role')[0], Action])).toEqual([
      ['CheckAuthority', 'dynamodb:GetItem'],
      ['SignCertificates', ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query']],
    ]);
  });

  test('is found by a tag of the instances', () => {
    const [[, { Properties }]] = ofType('AWS::AutoScaling::AutoScalingGroup') as [[string, Resource]];
    expect(Properties.Tags).toContainEqual({
      Key: 'etcd-appliance:certificates',
      PropagateAtLaunch: true,
      Value: {
        'Fn::Join': [
          '',
          expect.arrayContaining([':lambda:', { Ref: 'AWS::Region' }, ':function:etcd-etcd-certificate-signer']),
        ],
      },
    });
    const [signer] = ofType('AWS::Lambda::Function').filter(([id]) => id.startsWith('SignCertificates'));
    expect(signer?.[1].Properties.FunctionName).toBe('etcd-etcd-certificate-signer');
  });

  test('knows the role, the names and the lifetime from the deployment', () => {
    const [found] = ofType('AWS::Lambda::Function').filter(([id]) => id.startsWith('SignCertificates'));
    expect(found?.[1].Properties.Environment.Variables).toMatchObject({
      CLUSTER: 'etcd',
      DOMAIN: 'etcd.etcd.internal',
      CERTIFICATE_DAYS: '7',
    });
    const { INSTANCE_ROLES } = found?.[1].Properties.Environment.Variables ?? {};
    expect(JSON.stringify(INSTANCE_ROLES)).toMatch(/:sts::.*:assumed-role\/etcd-etcd-members-/);
  });
});
