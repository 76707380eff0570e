import { describe, expect, test } from '@jest/globals';
import { evaluate, referencesIn, type Scope } from '../../../../infra/local/cloudformation/intrinsics.ts';
import { creationOrder } from '../../../../infra/local/cloudformation/order.ts';

const template = {
  Mappings: { Sizes: { small: { cpu: '1' } } },
  Conditions: { Big: { 'Fn::Equals': [{ Ref: 'Size' }, 'big'] }, Small: { 'Fn::Not': [{ Condition: 'Big' }] } },
  Resources: {
    Table: { Type: 'AWS::DynamoDB::Table' },
    Role: { Type: 'AWS::IAM::Role', Properties: { Table: { 'Fn::GetAtt': ['Table', 'Arn'] } } },
    Task: { Type: 'AWS::Lambda::Function', DependsOn: ['Role'], Properties: { Name: { 'Fn::Sub': 'x-${Table}' } } },
  },
};

const scope: Scope = {
  template,
  pseudo: { 'AWS::Region': 'eu-west-1' },
  parameters: { Size: 'small' },
  zones: ['a', 'b', 'c'],
  reference: (logicalId) => `id-of-${logicalId}`,
  attribute: (logicalId, name) => `${name}-of-${logicalId}`,
};

describe('evaluate', () => {
  test.each([
    [{ Ref: 'Table' }, 'id-of-Table'],
    [{ Ref: 'AWS::Region' }, 'eu-west-1'],
    [{ Ref: 'Size' }, 'small'],
    [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'Arn-of-Table'],
    [{ 'Fn::GetAtt': 'Table.Stream.Arn' }, 'Stream.Arn-of-Table'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Size' }]] }, 'a-small'],
    [{ 'Fn::Sub': 'in ${AWS::Region} ${Table.Arn} ${!kept}' }, 'in eu-west-1 Arn-of-Table ${!kept}'],
    [{ 'Fn::Sub': ['${one}', { one: { Ref: 'Size' } }] }, 'small'],
    [{ 'Fn::Select': [1, { 'Fn::GetAZs': '' }] }, 'b'],
    [{ 'Fn::Select': ['0', { 'Fn::Split': ['/', 'x/y'] }] }, 'x'],
    [{ 'Fn::Base64': 'a' }, 'YQ=='],
    [{ 'Fn::FindInMap': ['Sizes', { Ref: 'Size' }, 'cpu'] }, '1'],
    [{ 'Fn::If': ['Big', 1, 2] }, 2],
    [{ 'Fn::If': ['Small', [1, { Ref: 'AWS::NoValue' }], 2] }, [1]],
    [{ kept: 1, gone: { Ref: 'AWS::NoValue' } }, { kept: 1 }],
    ['text', 'text'],
  ])('%j is %j', (value, expected) => {
    expect(evaluate(value, scope)).toEqual(expected);
  });

  test('refuses a function it does not know by name', () => {
    expect(() => evaluate({ 'Fn::ImportValue': 'x' }, scope)).toThrow('Fn::ImportValue');
  });
});

describe('order', () => {
  test('a resource comes after all that it refers to', () => {
    expect(creationOrder(template)).toEqual(['Table', 'Role', 'Task']);
    expect([...referencesIn(template.Resources.Task.Properties, template)]).toEqual(['Table']);
  });

  test('a circle is named', () => {
    const circle = { Resources: { A: { Type: 't', DependsOn: 'B' }, B: { Type: 't', DependsOn: 'A' } } };
    expect(() => creationOrder(circle)).toThrow('A -> B -> A');
  });
});
