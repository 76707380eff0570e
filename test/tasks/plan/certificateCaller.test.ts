import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgeCaller } from '../../../tasks/plan/certificateCaller.ts';

const role = 'arn:aws:sts::123456789012:assumed-role/etcd-etcd-MemberRole1A2B';
const id = 'i-0123456789abcdef0';

describe('whoever asks for certificates', () => {
  test.each([id, 'i-01234567'])('is the instance %s that the session of the role is named after', (instanceId) => {
    expect(judgeCaller(`${role}/${instanceId}`, [role])).toEqual({ instanceId });
  });

  test.each([
    ['no ARN', undefined, 'not a session of a role'],
    ['another type', [`${role}/${id}`], 'not a session of a role'],
    ['nothing', '', 'not a session of a role'],
    ['a user', 'arn:aws:iam::123456789012:user/operator', 'not a session of a role'],
    ['a user named like it', `arn:aws:iam::123456789012:user/${id}`, 'not a session of a role'],
    ['a federated user', `arn:aws:sts::123456789012:federated-user/${id}`, 'not a session of a role'],
    ['the account', 'arn:aws:iam::123456789012:root', 'not a session of a role'],
    ['the role itself', 'arn:aws:iam::123456789012:role/etcd-etcd-MemberRole1A2B', 'not a session of a role'],
    ['another account', `arn:aws:sts::210987654321:assumed-role/etcd-etcd-MemberRole1A2B/${id}`, 'another account'],
    [
      'another partition',
      `arn:aws-cn:sts::123456789012:assumed-role/etcd-etcd-MemberRole1A2B/${id}`,
      'another account',
    ],
    ['another role', `arn:aws:sts::123456789012:assumed-role/etcd-other-MemberRole1A2B/${id}`, 'role is not'],
    ['a role that begins like it', `${role}3C/${id}`, 'role is not'],
    ['a role of another case', `${role.replace('Member', 'member')}/${id}`, 'role is not'],
    ['a session that is no instance', `${role}/SignCertificates`, 'not that of an instance'],
    ['a session that begins like one', `${role}/${id}.x`, 'not that of an instance'],
    ['an id that is too long', `${role}/i-0123456789abcdef012`, 'not that of an instance'],
    ['an id in capitals', `${role}/i-0123456789ABCDEF0`, 'not that of an instance'],
    ['a path behind the session', `${role}/${id}/${id}`, 'not a session of a role'],
    ['a line behind it', `${role}/${id}\n`, 'not a session of a role'],
  ])('is refused where it is %s', (_what, arn, why) => {
    expect(judgeCaller(arn, [role])).toEqual({ refused: 'wrongCaller', why: expect.stringContaining(why) });
  });

  test('is whom the ARN names, or nobody, whatever the ARN', () => {
    const part = fc.constantFrom('arn', 'aws', 'sts', 'iam', '', '123456789012', 'assumed-role/x', id, `x/${id}`, '/');
    const arn = fc.oneof(
      fc.string(),
      fc.array(part).map((parts) => parts.join(':')),
      fc.constant(`${role}/${id}`),
    );
    fc.assert(
      fc.property(arn, (given) => {
        const judged = judgeCaller(given, [role]);
        if ('instanceId' in judged) expect(given).toBe(`${role}/${judged.instanceId}`);
      }),
    );
  });

  test('may be an instance of either region', () => {
    const roles = ['eu-west-1', 'eu-central-1'].map(
      (region) => `arn:aws:sts::123456789012:assumed-role/etcd-etcd-members-${region}`,
    );
    for (const one of roles) expect(judgeCaller(`${one}/${id}`, roles)).toEqual({ instanceId: id });
    const third = 'arn:aws:sts::123456789012:assumed-role/etcd-etcd-members-eu-north-1';
    expect(judgeCaller(`${third}/${id}`, roles)).toMatchObject({ refused: 'wrongCaller' });
  });

  test('is nobody’s business where the deployment names no role', () => {
    expect(() => judgeCaller(`${role}/${id}`, ['MemberRole'])).toThrow('not the ARN of an assumed role');
  });
});
