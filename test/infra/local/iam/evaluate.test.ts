import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { holds, isKnownOperator } from '../../../../infra/local/iam/conditions.ts';
import { type AccessRequest, decide } from '../../../../infra/local/iam/evaluate.ts';
import { type Statement, statementsIn } from '../../../../infra/local/iam/policy.ts';

const key = 'dynamodb:LeadingKeys';
const condition = (operator: string, ...values: string[]) => ({ operator, key, values });
const given = (...values: string[]) => ({ [key]: values });

describe('condition operators', () => {
  test.each([
    ['StringEquals', ['etcd'], given('etcd'), true],
    ['StringEquals', ['etcd'], given('Etcd'), false],
    ['StringEquals', ['other', 'etcd'], given('etcd'), true],
    ['StringEquals', ['etcd'], {}, false],
    // More than one value needs a set operator.
    ['StringEquals', ['etcd'], given('etcd', 'etcd'), false],
    ['StringNotEquals', ['etcd'], {}, true],
    ['StringNotEquals', ['etcd'], given('etcd'), false],
    ['StringLike', ['releases/*'], given('releases/'), true],
    ['StringLike', ['releases/*'], given('backups/'), false],
    ['StringLike', ['*'], {}, false],
    ['StringNotLike', ['re*'], given('backups'), true],
    ['ArnLike', ['arn:aws:ec2:eu-west-1:1:vpc/*'], given('arn:aws:ec2:eu-west-1:1:vpc/vpc-1'), true],
    ['ArnLike', ['arn:aws:ec2:eu-west-1:1:vpc/*'], given('arn:aws:ec2:eu-west-1:2:vpc/vpc-1'), false],
    ['ArnLike', ['arn:aws:*:vpc/vpc-1'], given('arn:aws:ec2:eu-west-1:1:vpc/vpc-1'), false],
    ['ArnLike', ['*'], {}, false],
    ['Bool', ['TRUE'], given('true'), true],
    ['Bool', ['false'], {}, false],
    ['Null', ['true'], {}, true],
    ['Null', ['true'], given('etcd'), false],
    ['Null', ['false'], {}, false],
    ['Null', ['false'], given('etcd'), true],
    ['ForAllValues:StringEquals', ['etcd'], {}, true],
    ['ForAllValues:StringEquals', ['etcd'], given('etcd', 'other'), false],
    ['ForAllValues:StringLike', ['*.etcd'], given('a.etcd', 'b.etcd'), true],
    ['ForAnyValue:StringEquals', ['etcd'], given('etcd', 'other'), true],
    ['ForAnyValue:StringEquals', ['etcd'], {}, false],
  ])('%s %j of %j: %s', (operator, values, context, expected) => {
    expect(holds(condition(operator, ...values), context)).toBe(expected);
  });

  test('keys do not regard case', () => {
    expect(holds(condition('StringEquals', 'etcd'), { 'DynamoDB:leadingkeys': ['etcd'] })).toBe(true);
  });

  test('those that are not evaluated are known as such', () => {
    expect(['StringEqualsIfExists', 'IpAddress', 'ForAllValues:Null', 'constructor'].filter(isKnownOperator)).toEqual(
      [],
    );
  });

  const values = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 });
  test('for all and for any are what their names say', () => {
    fc.assert(
      fc.property(
        values,
        fc.array(fc.constantFrom('a', 'b'), { minLength: 1 }),
        (has: readonly string[], wanted: readonly string[]) => {
          const context = has.length === 0 ? {} : given(...has);
          const all = holds(condition('ForAllValues:StringEquals', ...wanted), context);
          const any = holds(condition('ForAnyValue:StringEquals', ...wanted), context);
          expect(all).toBe(has.every((one) => wanted.includes(one)));
          expect(any).toBe(has.some((one) => wanted.includes(one)));
        },
      ),
    );
  });
});

const word = fc.constantFrom('GetItem', 'PutItem', '*');
const table = fc.constantFrom('a', 'b', '*');
const statement: fc.Arbitrary<Statement> = fc.record({
  effect: fc.constantFrom('Allow', 'Deny'),
  actions: fc.array(
    word.map((name) => `dynamodb:${name}`),
    { minLength: 1, maxLength: 2 },
  ),
  resources: table.map((name) => [name === '*' ? '*' : `arn:aws:dynamodb:r:1:table/${name}`]),
  conditions: fc
    .option(fc.constantFrom('x', 'y'), { nil: null })
    .map((value) => (value === null ? [] : [condition('StringEquals', value)])),
});
const request: fc.Arbitrary<AccessRequest> = fc.record({
  action: fc.constantFrom('dynamodb:GetItem', 'dynamodb:PutItem'),
  resource: fc.constantFrom('arn:aws:dynamodb:r:1:table/a', 'arn:aws:dynamodb:r:1:table/b', '*'),
  context: fc.constantFrom({}, given('x'), given('y')),
});
const statements = fc.array(statement, { maxLength: 6 });

describe('a decision', () => {
  test('is an implicit deny where nothing is said', () => {
    fc.assert(fc.property(request, (one) => expect(decide([], one)).toBe('implicitDeny')));
  });

  test('does not depend on the order of the statements', () => {
    fc.assert(
      fc.property(statements, request, (some, one) => expect(decide([...some].reverse(), one)).toBe(decide(some, one))),
    );
  });

  test('is an explicit deny whatever else is allowed', () => {
    fc.assert(
      fc.property(statements, request, (some, one) => {
        const deny: Statement = { effect: 'Deny', actions: ['*'], resources: ['*'], conditions: [] };
        expect(decide([...some, deny], one)).toBe('explicitDeny');
      }),
    );
  });

  test('never gets stricter by one more Allow, nor more lenient by one less', () => {
    fc.assert(
      fc.property(statements, statement, request, (some, more, one) => {
        const without = decide(some, one);
        const withIt = decide([...some, { ...more, effect: 'Allow' }], one);
        if (without !== 'implicitDeny') expect(withIt).toBe(without);
        else expect(withIt).not.toBe('explicitDeny');
      }),
    );
  });
});

describe('a policy document', () => {
  const of = (more: object) => ({ Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...more }] });

  test('is read with its conditions', () => {
    const Condition = { StringLike: { 's3:prefix': 'releases/*' }, Null: { 's3:prefix': 'false' } };
    expect(statementsIn(of({ Condition }))).toEqual([
      {
        effect: 'Allow',
        actions: ['s3:GetObject'],
        resources: ['*'],
        conditions: [
          { operator: 'StringLike', key: 's3:prefix', values: ['releases/*'] },
          { operator: 'Null', key: 's3:prefix', values: ['false'] },
        ],
      },
    ]);
  });

  test.each([
    [{ NotAction: 's3:*' }, 'Statement[0].NotAction'],
    [{ Effect: 'Maybe' }, 'Effect is Maybe'],
    [{ Resource: 'bucket/*' }, "Resource is 'bucket/*'"],
    [{ Action: [] }, 'Statement[0].Action'],
    [{ Resource: 'arn:aws:s3:::${aws:username}/*' }, 'policy variable'],
    [{ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, 'IpAddress'],
  ])('with %j is refused by name', (more, said) => {
    expect(() => statementsIn(of(more))).toThrow(said);
  });
});
