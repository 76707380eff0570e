import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isActionLike, isLike, isResourceLike } from '../../../../infra/local/iam/patterns.ts';

/** By definition, without regular expressions. */
function like(text: string, pattern: string): boolean {
  if (pattern === '') return text === '';
  const [first = ''] = pattern;
  const rest = pattern.slice(1);
  if (first === '*') return like(text, rest) || (text !== '' && like(text.slice(1), pattern));
  return text !== '' && (first === '?' || first === text[0]) && like(text.slice(1), rest);
}

const small = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?', '\\', '\n', ':'), maxLength: 8 });

describe('patterns', () => {
  test('are like what they say by definition', () => {
    fc.assert(fc.property(small, small, (text, pattern) => expect(isLike(text, pattern)).toBe(like(text, pattern))));
  });

  test('of actions do not regard case', () => {
    expect(isActionLike('s3:GetObject', 'S3:getobject')).toBe(true);
    expect(isActionLike('s3:GetObject', 's3:Get*')).toBe(true);
    expect(isActionLike('s3:GetObject', 's3:Put*')).toBe(false);
  });
});

describe('resources', () => {
  const group = 'arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:7e2a:autoScalingGroupName/etcd';
  test.each([
    [group, '*', true],
    ['*', '*', true],
    // An action without resources is granted on all of them or not at all.
    ['*', 'arn:aws:ec2:*:*:instance/*', false],
    [group, 'arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/*', true],
    [group, 'arn:aws:autoscaling:eu-west-1:123456789012:*', true],
    [group, 'arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/other', false],
    // A wildcard stays within its part.
    [group, 'arn:aws:*:autoScalingGroup:7e2a:autoScalingGroupName/etcd', false],
    ['arn:aws:s3:::bucket/backups/etcd/db', 'arn:aws:s3:::bucket/backups/*', true],
    ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/*', false],
    ['arn:aws:s3:::Bucket/a', 'arn:aws:s3:::bucket/a', false],
  ])('%s by %s: %s', (resource, pattern, expected) => expect(isResourceLike(resource, pattern)).toBe(expected));

  test('are like themselves', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '-', '1'), maxLength: 5 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 5, maxLength: 8 }), (parts) => {
        const arn = `arn:${parts.join(':')}`;
        expect(isResourceLike(arn, arn)).toBe(true);
      }),
    );
  });
});
