import { describe, expect, test } from '@jest/globals';
import {
  changed,
  type Link,
  linksOf,
  paceBetween,
  refusalOf,
  type Spot,
  undisturbed,
} from '../../../../infra/local/links/rules.ts';

const [ireland, frankfurt] = ['eu-west-1', 'eu-central-1'];
const spot = (zone: string, instanceId: string): Spot => ({
  region: zone.slice(0, -1),
  instance: { instanceId, zone },
});
const a = spot('eu-west-1a', 'i-a');
const b = spot('eu-west-1b', 'i-b');
const c = spot('eu-central-1a', 'i-c');
const tool: Spot = { region: ireland, instance: null };
const link = (from: string, to: string, pace: Partial<Link> = {}): Link => ({ from, to, ...undisturbed, ...pace });

describe('the pace from one spot to another', () => {
  const there = link(ireland, frankfurt, { delayMs: 40, jitterMs: 5 });

  test('is that of the link between their regions, in its direction', () => {
    expect(paceBetween([there], a, c)).toEqual({ delayMs: 40, jitterMs: 5, cut: false });
    expect(paceBetween([there], tool, c)).toEqual({ delayMs: 40, jitterMs: 5, cut: false });
    expect(paceBetween([there], c, a)).toEqual(undisturbed);
  });

  test('is undisturbed within a region', () => expect(paceBetween([there], a, b)).toEqual(undisturbed));

  test.each([
    ['regions', link(ireland, frankfurt, { cut: true })],
    ['a zone and a region', link('eu-west-1a', frankfurt, { cut: true })],
    ['an instance and a zone', link('i-a', 'eu-central-1a', { cut: true })],
    ['instances', link('i-a', 'i-c', { cut: true })],
  ])('is cut where a link between %s is', (_, cut) => {
    expect(paceBetween([there, cut], a, c)).toMatchObject({ cut: true });
    expect(paceBetween([there, cut], c, a)).toMatchObject({ cut: false });
  });

  test('is not cut for who is not meant', () => {
    expect(paceBetween([link('eu-west-1a', frankfurt, { cut: true })], b, c)).toEqual(undisturbed);
    expect(paceBetween([link('i-a', ireland, { cut: true })], tool, b)).toEqual(undisturbed);
  });

  test('of an instance that is cut off from its region is cut to all others, and not to itself', () => {
    const off = [link('i-a', ireland, { cut: true })];
    expect(paceBetween(off, a, b)).toMatchObject({ cut: true });
    expect(paceBetween(off, a, tool)).toMatchObject({ cut: true });
    expect(paceBetween(off, a, a)).toEqual(undisturbed);
  });
});

describe('a change', () => {
  const known = { regions: [ireland, frankfurt], instanceIds: ['i-a'] };

  test.each([
    [{ from: ireland, to: frankfurt, delayMs: 40, jitterMs: 2.5 }],
    [{ from: frankfurt, to: ireland, delayMs: 0, cut: true }],
    [{ from: 'i-a', to: ireland, cut: true }],
    [{ from: 'eu-west-1a', to: 'eu-west-1a', cut: true }],
    [{ from: 'eu-west-1a', to: 'eu-central-1c', cut: false, delayMs: 0 }],
  ])('%j is allowed', (change) => expect(refusalOf(change, known)).toBeNull());

  test.each([
    [
      { from: 'us-east-1', to: frankfurt, cut: true },
      'from',
      "is 'us-east-1'; allowed: eu-west-1, eu-central-1, a zone",
    ],
    [
      { from: ireland, to: 'i-b', cut: true },
      'to',
      "is 'i-b'; allowed: eu-west-1, eu-central-1, a zone of theirs such as eu-west-1a, or the id of",
    ],
    [{ from: 'i-a', to: 'i-a', cut: true }, 'to', 'cannot be cut off from itself'],
    [{ from: ireland, to: frankfurt, delayMs: -1 }, 'delayMs', 'is -1; allowed: 0 to 60000 milliseconds'],
    [{ from: ireland, to: frankfurt, delayMs: Number.NaN }, 'delayMs', 'allowed: 0 to 60000'],
    [{ from: ireland, to: frankfurt, jitterMs: '5' as unknown as number }, 'jitterMs', 'is "5"; allowed: 0 to 60000'],
    [{ from: ireland, to: ireland, delayMs: 5 }, 'delayMs', 'only what goes from one region to another is delayed'],
    [{ from: 'i-a', to: frankfurt, jitterMs: 5 }, 'jitterMs', 'only what goes from one region to another'],
    [{ from: ireland, to: frankfurt, cut: 1 as unknown as boolean }, 'cut', 'is 1; allowed: true, false'],
    [{ from: ireland, to: frankfurt }, 'cut', 'is missing, and so are delayMs and jitterMs'],
  ])('%j is refused', (change, field, message) => {
    expect(refusalOf(change, known)).toEqual({ field, message: expect.stringContaining(message) });
  });

  test('leaves what it does not name', () => {
    const set = [link(ireland, frankfurt, { delayMs: 40 })];
    expect(changed(set, { from: ireland, to: frankfurt, cut: true })).toEqual(
      link(ireland, frankfurt, { delayMs: 40, cut: true }),
    );
    expect(changed(set, { from: frankfurt, to: ireland, jitterMs: 1 })).toEqual(
      link(frankfurt, ireland, { jitterMs: 1 }),
    );
  });
});

test('all links are both directions of every two regions, and what was set besides', () => {
  const set = [link('i-a', ireland, { cut: true }), link(frankfurt, ireland, { delayMs: 3 })];
  expect(linksOf([ireland, frankfurt], set)).toEqual([
    link(ireland, frankfurt),
    link(frankfurt, ireland, { delayMs: 3 }),
    link('i-a', ireland, { cut: true }),
  ]);
  expect(linksOf([ireland], [])).toEqual([]);
});
