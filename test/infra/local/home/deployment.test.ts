/** Stacks of several regions: where they are deployed, in which order, and what their deletion leaves. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { made } from '../../../../infra/local/cloudformation/resources.ts';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { answering, assemblyOf, customResource, type HandStack } from './assembly.ts';

const [first, second] = ['eu-west-1', 'eu-central-1'] as const;

let folder: string;
let home: Home;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'deployment-'));
  home = await openHome({ folder: join(folder, 'home') });
});
afterEach(async () => {
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

const parameter = (Name: string, Value: unknown) => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Name, Type: 'String', Value },
});
const bucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'backups' }, DeletionPolicy: 'Retain' };
const table = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'record',
    KeySchema: [{ AttributeName: 'item', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'item', AttributeType: 'S' }],
  },
  DeletionPolicy: 'Retain',
};
const stackIn = (name: string, region?: string): HandStack => ({
  name,
  ...(region && { region }),
  resources: { Place: parameter(`place-of-${name}`, { Ref: 'AWS::Region' }) },
  outputs: { Region: { Ref: 'AWS::Region' }, [`Of${name}`]: { Ref: 'Place' } },
});
const valueIn = async (region: string, name: string) => (await home.region(region)).services.ssm.parameters.value(name);
const resourcesOf = async (region: string, stack: string) =>
  made((await home.region(region)).context).flatMap(({ stackName, logicalId }) =>
    stackName === stack ? [logicalId] : [],
  );

test('each stack goes to the region of its environment, and to the first where it has none', async () => {
  const stacks = [stackIn('one'), stackIn('two', second), stackIn('three', first)];
  const outputs = await home.deploy(assemblyOf(folder, stacks));
  expect(await valueIn(first, 'place-of-one')).toBe(first);
  expect(await valueIn(second, 'place-of-two')).toBe(second);
  expect(() => home.services.ssm.parameters.value('place-of-two')).toThrow('does not exist');
  expect(outputs).toEqual({ Region: first, Ofone: 'place-of-one', Ofthree: 'place-of-three' });
  expect(home.stackOutputs).toEqual({
    one: { Region: first, Ofone: 'place-of-one' },
    two: { Region: second, Oftwo: 'place-of-two' },
    three: { Region: first, Ofthree: 'place-of-three' },
  });
});

test('stacks that do not depend on each other are deployed at the same time, the others one after another', async () => {
  // Each of two waits until the other has begun; the third says that both have ended.
  const began = (name: string) => join(folder, `began-${name}`);
  const handler = answering(`
    const { Began, WaitFor, After } = event.ResourceProperties;
    fs.writeFileSync(Began, '');
    while (WaitFor !== undefined && !fs.existsSync(WaitFor)) await new Promise((resolve) => setTimeout(resolve, 20));
    if (After !== undefined && !After.split(',').every((file) => fs.existsSync(file + '-ended'))) throw new Error('too early');
    fs.writeFileSync(Began + '-ended', '');
  `);
  const waiting = (name: string, region: string, properties: object, after: string[] = []): HandStack => ({
    name,
    region,
    after,
    resources: customResource('Waits', { Began: began(name), ...properties }),
  });
  const stacks = [
    waiting('last', first, { After: `${began('one')},${began('two')}` }, ['one', 'two']),
    waiting('one', first, { WaitFor: began('two') }),
    waiting('two', second, { WaitFor: began('one') }),
  ];
  await home.deploy(assemblyOf(folder, stacks, handler));
  expect(existsSync(`${began('last')}-ended`)).toBe(true);
}, 30_000);

test('a stack that fails keeps those that depend on it from being deployed, and no others', async () => {
  const stacks: HandStack[] = [
    { name: 'broken', region: second, resources: customResource('Broken', { Refuses: 'Create' }) },
    { ...stackIn('dependent'), after: ['broken'] },
    stackIn('other'),
  ];
  const deployed = home.deploy(assemblyOf(folder, stacks, answering()));
  await expect(deployed).rejects.toThrow('Broken (Custom::Broken): it is needed');
  expect(Object.keys(home.stackOutputs)).toEqual(['other']);
}, 30_000);

describe('one stack', () => {
  test('is deployed by itself; its assembly’s regions are there from then on', async () => {
    const assembly = assemblyOf(folder, [stackIn('one'), { ...stackIn('two', second), after: ['one'] }]);
    await home.deploy(assembly, { only: ['two'] });
    expect(Object.keys(home.stackOutputs)).toEqual(['two']);
    expect(home.outputs).toEqual({});
    await home.deploy(assembly, { only: ['one'] });
    expect(home.outputs).toMatchObject({ Region: first });
    const other = assemblyOf(folder, [stackIn('one'), stackIn('three', 'us-east-1')]);
    await home.deploy(other, { only: ['one'] });
    expect(home.regions().map(({ name }) => name)).toEqual([first, second, 'us-east-1']);
    await expect(home.deploy(assembly, { only: ['three'] })).rejects.toThrow('no stack three; it has one, two');
  });

  test('is deleted with all that it made, but for what is to be retained', async () => {
    const resources = { ...stackIn('one').resources, Bucket: bucket, Table: table };
    await home.deploy(assemblyOf(folder, [{ name: 'one', resources }, stackIn('two', second)]));
    await home.destroyStack('one');
    expect(await resourcesOf(first, 'one')).toEqual([]);
    expect(() => home.services.ssm.parameters.value('place-of-one')).toThrow('does not exist');
    expect(home.services.s3.store.hasBucket('backups')).toBe(true);
    expect(Object.keys(home.stackOutputs)).toEqual(['two']);
    for (const left of [{ Bucket: bucket }, { Table: table }]) {
      const deployed = home.deploy(assemblyOf(folder, [{ name: 'one', resources: left }]));
      await expect(deployed).rejects.toThrow(
        /^(Bucket|Table) .*: Resource of type '.*' with identifier '.*' already exists/,
      );
    }
    home.services.s3.store.deleteBucket('backups');
    await home.deploy(assemblyOf(folder, [{ name: 'one', resources: { Bucket: bucket } }]));
    await home.destroyStack('one');
    await home.destroyStack('two');
    await expect(home.destroyStack('two')).rejects.toThrow('this home has no stack two; it has none');
  });

  test('is deleted in the opposite order of dependencies, also where an update turned them around', async () => {
    const log = join(folder, 'deleted');
    const handler = answering(`
      if (event.RequestType === 'Delete') fs.appendFileSync(${JSON.stringify(log)}, event.LogicalResourceId);
    `);
    const needing = (needs: Readonly<Record<string, string>>) => {
      const more = (name: string) => (needs[name] === undefined ? {} : { DependsOn: needs[name] });
      const resources = { ...customResource('A', {}, more('A')), B: customResource('B', {}, more('B')).B as object };
      return assemblyOf(folder, [{ name: 'one', resources }], handler);
    };
    await home.deploy(needing({ B: 'A' }));
    await home.deploy(needing({ A: 'B' }));
    await home.destroyStack('one');
    expect(readFileSync(log, 'utf8')).toBe('AB');
    expect(await resourcesOf(first, 'one')).toEqual([]);
  }, 30_000);

  test('whose custom resource refuses its deletion keeps it and what it needs; the rest goes', async () => {
    const guarded: HandStack = {
      name: 'guarded',
      region: second,
      resources: {
        ...customResource('Guard', { Refuses: 'Delete' }, { DependsOn: 'Needed' }),
        Needed: parameter('needed', 'yes'),
        Beside: parameter('beside', 'yes'),
      },
    };
    const unneeded = join(folder, 'unneeded');
    const handler = answering(`
      if (fs.existsSync(${JSON.stringify(unneeded)})) delete event.ResourceProperties.Refuses;
    `);
    const assembly = assemblyOf(folder, [guarded], handler);
    await home.deploy(assembly);
    const refused = home.destroyStack('guarded');
    await expect(refused).rejects.toThrow('guarded: failed to delete: Guard (Custom::Guard): it is needed');
    expect((await resourcesOf(second, 'guarded')).sort()).toEqual(['Function', 'Guard', 'Needed', 'Role']);
    // As on AWS, it can be deleted again, and nothing else.
    await expect(home.deploy(assembly)).rejects.toThrow(
      /^Stack:arn:aws:cloudformation:eu-central-1:.*:stack\/guarded\/.* is in DELETE_FAILED state and can not be updated/,
    );
    writeFileSync(unneeded, '');
    await home.destroyStack('guarded');
    expect(await resourcesOf(second, 'guarded')).toEqual([]);
    await home.deploy(assembly);
    expect(await valueIn(second, 'beside')).toBe('yes');
  }, 30_000);

  test('that is protected is not deleted until somebody lifts that, and a deployment protects it again', async () => {
    const assembly = assemblyOf(folder, [{ ...stackIn('one'), terminationProtection: true }, stackIn('two', second)]);
    const protectedNow = 'Stack [one] cannot be deleted while TerminationProtection is enabled';
    await home.deploy(assembly);
    const before = await resourcesOf(first, 'one');
    await expect(home.destroyStack('one')).rejects.toThrow(protectedNow);
    expect(await resourcesOf(first, 'one')).toEqual(before);
    home.protectStack('one', false);
    await home.deploy(assembly);
    await expect(home.destroyStack('one')).rejects.toThrow(protectedNow);
    home.protectStack('one', false);
    await home.destroyStack('one');
    await home.destroyStack('two');
    expect(() => home.protectStack('one', true)).toThrow('this home has no stack one; it has none');
    await home.deploy(assemblyOf(folder, [stackIn('one')]));
    await home.destroyStack('one');
  });
});

test('roles are the same in all regions: a second one of the same name is refused', async () => {
  const Role = { Type: 'AWS::IAM::Role', Properties: { RoleName: 'members' } };
  const [one, two] = [first, second].map((region) => ({ name: region, region, resources: { Role } }));
  await home.deploy(assemblyOf(folder, [one as HandStack]));
  const again = home.deploy(assemblyOf(folder, [two as HandStack]));
  await expect(again).rejects.toThrow('Role (AWS::IAM::Role): Role with name members already exists.');
  await home.destroyStack(first);
  await home.deploy(assemblyOf(folder, [two as HandStack]));
});

test('tables and buckets that are not retained go with their stack, but no bucket that holds something', async () => {
  const { DeletionPolicy: _t, ...Table } = table;
  const { DeletionPolicy: _b, ...Bucket } = bucket;
  await home.deploy(assemblyOf(folder, [{ name: 'one', region: second, resources: { Table, Bucket } }]));
  await home.services.s3.store.put('backups', 'key', Readable.from([Buffer.from('bytes')]));
  await expect(home.destroyStack('one')).rejects.toThrow('one: failed to delete: Bucket (AWS::S3::Bucket): The bucket');
  expect(await resourcesOf(second, 'one')).toEqual(['Bucket']);
  home.services.s3.store.delete('backups', 'key');
  await home.destroyStack('one');
  expect(home.services.s3.store.hasBucket('backups')).toBe(false);
});

test('a deployment that leaves a resource out deletes it, unless it is to be retained', async () => {
  const resources = { ...stackIn('one').resources, Bucket: bucket };
  await home.deploy(assemblyOf(folder, [{ name: 'one', resources }]));
  await home.deploy(assemblyOf(folder, [{ name: 'one', resources: { Other: parameter('other', 'x') } }]));
  expect(await resourcesOf(first, 'one')).toEqual(['Other']);
  expect(home.services.s3.store.hasBucket('backups')).toBe(true);
  expect(() => home.services.ssm.parameters.value('place-of-one')).toThrow('does not exist');
});
