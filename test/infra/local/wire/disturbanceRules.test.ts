import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  chance,
  type Disturbance,
  decides,
  halved,
  isFor,
  shortPage,
  throttled,
  wholeInput,
} from '../../../../infra/local/wire/disturbanceRules.ts';
import { Recollection } from '../../../../infra/local/wire/recollection.ts';

const call = {
  service: 'ec2',
  operation: 'DescribeInstances',
  region: 'eu-west-1',
  caller: { accessKeyId: 'ASIA1', arn: 'arn:aws:sts::123456789012:assumed-role/member/i-1' },
};

test.each<[boolean, Disturbance]>([
  [true, { service: 'ec2', kind: 'throttle' }],
  [false, { service: 'autoscaling', kind: 'throttle' }],
  [true, { service: 'ec2', operation: 'DescribeInstances', kind: 'throttle' }],
  [false, { service: 'ec2', operation: 'Describe', kind: 'throttle' }],
  [true, { service: 'ec2', operation: /^Describe/, kind: 'throttle' }],
  [true, { service: 'ec2', caller: /\/i-1$/, kind: 'throttle' }],
  [false, { service: 'ec2', caller: /\/i-2$/, kind: 'throttle' }],
  [true, { service: 'ec2', region: 'eu-west-1', kind: 'throttle' }],
  [false, { service: 'ec2', region: 'eu-central-1', kind: 'throttle' }],
])('is for the call: %s', (wanted, rule) => expect(isFor(rule, call)).toBe(wanted));

test('an answer is changed only where it describes something', () => {
  expect(isFor({ service: 'ec2', kind: 'partialPage' }, call)).toBe(true);
  expect(isFor({ service: 'ec2', kind: 'partialPage' }, { ...call, operation: 'TerminateInstances' })).toBe(false);
});

describe('chance', () => {
  const sequence = (rule: Disturbance) => Array.from({ length: 1_000 }, (_, nth) => decides(rule, nth));

  test('is the same again with the same seed, and another with another', () => {
    const rule = (seed: number): Disturbance => ({ service: 'ec2', kind: 'throttle', probability: 0.5, seed });
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(sequence(rule(seed))).toEqual(sequence(rule(seed)));
        expect(sequence(rule(seed))).not.toEqual(sequence(rule(seed ^ 1)));
      }),
      { numRuns: 20 },
    );
  });

  test('is about as likely as it should be, never at 0 and always at 1', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 0.1, 0.5, 0.9, 1), (seed, probability) => {
        const hits = sequence({ service: 'ec2', kind: 'throttle', probability, seed }).filter(Boolean).length;
        expect(Math.abs(hits / 1_000 - probability)).toBeLessThanOrEqual(probability % 1 === 0 ? 0 : 0.1);
      }),
    );
  });

  test('lies from 0 to 1', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), (seed, nth) => {
        expect(chance(seed, nth)).toBeGreaterThanOrEqual(0);
        expect(chance(seed, nth)).toBeLessThan(1);
      }),
    );
  });
});

test('half a page: half of the instances, in order, no token, all else as it was', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat()), fc.integer(), (ids, seed) => {
      const groups = [{ AutoScalingGroupName: 'members', Instances: ids }];
      const half = halved({ Reservations: ids, AutoScalingGroups: groups, NextToken: 'more' }, seed);
      const kept = half.Reservations as number[];
      expect(kept).toHaveLength(Math.floor(ids.length / 2));
      expect(ids.filter((id) => kept.includes(id))).toEqual(kept);
      expect(half.AutoScalingGroups).toEqual([{ AutoScalingGroupName: 'members', Instances: kept }]);
      expect(half).not.toHaveProperty('NextToken');
    }),
  );
});

test('short pages hold together all that there is', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 5 }), (items, pageSize) => {
      const found: unknown[] = [];
      let token: unknown;
      do {
        const { input, from } = wholeInput({ MaxResults: 100, ...(token !== undefined && { NextToken: token }) });
        expect(input).toEqual({});
        const page = shortPage({ Reservations: items }, from, pageSize);
        expect((page.Reservations as unknown[]).length).toBeLessThanOrEqual(pageSize);
        found.push(...(page.Reservations as unknown[]));
        token = page.NextToken;
      } while (token !== undefined);
      expect(found).toEqual(items);
    }),
  );
});

test('recalls the newest answer that is old enough, for a minute', () => {
  const recollection = new Recollection();
  for (const atMs of [1_000, 2_000, 3_000]) recollection.keep('who?', atMs, atMs);
  expect(recollection.recall('who?', 2_500)).toBe(2_000);
  expect(recollection.recall('who?', 500)).toBe(1_000);
  expect(recollection.recall('what?', 2_500)).toBeUndefined();
  recollection.keep('who?', 61_500, 61_500);
  expect(recollection.recall('who?', 1_500)).toBe(2_000);
});

test('each service throttles in words of its own', () => {
  const codes = ['ec2', 'autoscaling', 'route53', 'dynamodb', 'ssm', 's3'].map((service) => throttled(service).code);
  expect(codes).toEqual([
    'RequestLimitExceeded',
    'Throttling',
    'Throttling',
    'ProvisionedThroughputExceededException',
    'ThrottlingException',
    'SlowDown',
  ]);
});
