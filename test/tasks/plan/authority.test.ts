/** Who signs, and how one certificate authority takes the place of another. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuthorityStep } from '../../../tasks/catalogue.ts';
import {
  type AuthorityKey,
  type AuthorityMove,
  type IssuedClient,
  issuing,
  type KnownAuthority,
  keptGenerations,
  moved,
} from '../../../tasks/plan/authority.ts';
import { deploymentRefusal, keysFrom } from '../../../tasks/plan/authorityDeployment.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-25T12:00:00Z');
const key = (generation: number): AuthorityKey => ({ generation, arn: `key-${generation}` });
const keys = [key(1), key(2)];

function known(generation: number, daysLeft = 3_000, name = ''): KnownAuthority {
  return {
    certificate: `pem ${generation}${name}`,
    keyArn: key(generation).arn,
    generation,
    madeAt: '2026-01-01T00:00:00.000Z',
    fingerprint: `print ${generation}${name}`,
    endsAtMs: now + daysLeft * day,
  };
}

const client = (name: string, signedBy: number, ...trusts: readonly number[]): IssuedClient => ({
  name,
  serial: `${name}-${signedBy}`,
  signedBy: key(signedBy).arn,
  trusts: trusts.map((generation) => key(generation).arn),
  notAfter: '2026-12-24T00:00:00.000Z',
});

describe('whoever signs', () => {
  test.each<[string, readonly KnownAuthority[], readonly AuthorityKey[], object]>([
    ['is made of the newest key where nobody has signed yet', [], keys, { make: key(2) }],
    ['is the one that stands first, whatever newer keys there are', [known(1)], keys, { use: known(1) }],
    ['is the one that stands first of two', [known(1), known(2)], keys, { use: known(1) }],
    ['is the one that stands first of two, turned round', [known(2), known(1)], keys, { use: known(2) }],
    ['is made anew of the same key where its certificate soon ends', [known(1, 36)], keys, { make: key(1) }],
    ['is the longer one of the same key', [known(1, 36, 'a'), known(1, 40, 'b')], keys, { use: known(1, 40, 'b') }],
    ['is of the key of the one that has ended', [known(1, -1)], keys, { make: key(1) }],
  ])('%s', (_what, certificates, deployed, expected) => {
    expect(issuing(certificates, deployed, now, 7)).toEqual(expected);
  });

  test('is nobody where the deployment does not have that key', () => {
    expect(() => issuing([known(1, 9)], [key(2)], now, 7)).toThrow('the deployment does not have the key key-1');
  });
});

const move = (step: AuthorityStep, generation = 2, waits = true): AuthorityMove => ({ step, generation, waits });
const refused = (why: string) => ({ verdict: 'refused', why: expect.stringContaining(why) });
const write = (...certificates: readonly KnownAuthority[]) => ({ verdict: 'write', certificates });
const [old, next] = [known(1), known(2)];

describe('a step from one authority to another', () => {
  test.each<[string, readonly KnownAuthority[], AuthorityMove, object]>([
    ['trusts the next one, too', [old], move('trust'), { verdict: 'make', key: key(2) }],
    ['trusts it once', [old, next], move('trust'), { verdict: 'done' }],
    ['trusts it once, however far it has gone', [next], move('trust'), { verdict: 'done' }],
    ['trusts nobody before there is one', [], move('trust'), refused('none are trusted')],
    ['does not sign with who is not trusted', [old], move('sign'), refused('is not trusted yet')],
    ['signs with the next one', [old, next], move('sign'), write(next, old)],
    ['signs with it once', [next, old], move('sign'), { verdict: 'done' }],
    ['signs with it once, however far it has gone', [next], move('sign'), { verdict: 'done' }],
    ['keeps the one that signs', [old, next], move('trustOnly'), refused('does not sign yet')],
    ['keeps the only one', [old], move('trustOnly'), refused('is not trusted yet')],
    ['drops the other', [next, old], move('trustOnly'), write(next)],
    ['drops it once', [next], move('trustOnly'), { verdict: 'done' }],
    ['takes all of one key together', [known(1, 9, 'a'), old, next], move('sign'), write(next, known(1, 9, 'a'), old)],
    ['drops all of one key together', [next, old, known(1, 9, 'a')], move('trustOnly'), write(next)],
    ['goes back while both are trusted', [next, old], move('sign', 1), write(old, next)],
    ['drops the next one on the way back', [old, next], move('trustOnly', 1), write(old)],
    ['has nowhere to go without the key', [old], move('trust', 3), refused('does not have the key of generation 3')],
  ])('%s', (_what, certificates, asked, expected) => {
    expect(moved(certificates, keys, asked, [])).toEqual(expected);
  });

  test('trusts no third one', () => {
    const three = [key(1), key(2), key(3)];
    expect(moved([old, next], three, move('trust', 3), [])).toEqual(refused('generation 1, 2 are trusted'));
  });

  test('before it signs, waits for clients that have not got its CA certificate', () => {
    const clients = [client('a', 1, 1), client('b', 1, 1, 2), client('c', 1, 1), client('c', 1, 1, 2)];
    const named = (waited: object) => ({ verdict: 'waiting', clients: waited });
    const { notAfter } = client('a', 1);
    expect(moved([old, next], keys, move('sign'), clients)).toEqual(
      named([
        { name: 'a', serial: 'a-1', notAfter, renewed: false },
        { name: 'c', serial: 'c-1', notAfter, renewed: true },
      ]),
    );
    expect(moved([old, next], keys, move('sign', 2, false), clients)).toEqual(write(next, old));
    // On the way back all have it.
    expect(moved([next, old], keys, move('sign', 1), clients)).toEqual(write(old, next));
  });

  test('before it drops the other, waits for clients with a certificate of it', () => {
    const clients = [client('a', 1, 1, 2), client('b', 2, 1, 2), client('b', 1, 1)];
    const { notAfter } = client('a', 1);
    expect(moved([next, old], keys, move('trustOnly'), clients)).toEqual({
      verdict: 'waiting',
      clients: [
        { name: 'a', serial: 'a-1', notAfter, renewed: false },
        { name: 'b', serial: 'b-1', notAfter, renewed: true },
      ],
    });
    expect(moved([next, old], keys, move('trustOnly', 2, false), clients)).toEqual(write(next));
    expect(moved([old, next], keys, move('trustOnly', 1), clients)).toMatchObject({
      verdict: 'waiting',
      clients: [{ name: 'b', serial: 'b-2' }],
    });
  });

  test('of any kind, in any order, never leaves members with certificates that others do not trust', () => {
    const anyMove = fc.record({
      step: fc.constantFrom<AuthorityStep>('trust', 'sign', 'trustOnly'),
      generation: fc.constantFrom(1, 2),
      waits: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyMove, { maxLength: 12 }), (moves) => {
        let trusted: readonly KnownAuthority[] = [old];
        for (const asked of moves) {
          const before = trusted;
          const result = moved(trusted, keys, asked, []);
          if (result.verdict === 'make') trusted = [...trusted, known(result.key.generation)];
          if (result.verdict === 'write') trusted = result.certificates;
          const generations = (list: readonly KnownAuthority[]) => [...new Set(list.map((one) => one.generation))];
          expect(trusted.length).toBeGreaterThan(0);
          // Who signs after a step was trusted before it, and who signed before it is trusted after it or had stopped to sign.
          expect(generations(before)).toContain(trusted[0]?.generation);
          expect(generations(trusted)).toContain(before[0]?.generation);
          // What is done is done: the same step again changes nothing.
          const again = moved(trusted, keys, asked, []);
          if (result.verdict !== 'refused') expect(again).toEqual({ verdict: 'done' });
        }
      }),
    );
  });
});

describe('a deployment', () => {
  const ofGeneration = (generation: number) => {
    const kept = keptGenerations(generation).map((one) => key(one).arn);
    return keysFrom(kept.join(), String(generation));
  };

  test('has the keys of its generation and of the one before', () => {
    expect(ofGeneration(1)).toEqual([key(1)]);
    expect(ofGeneration(2)).toEqual([key(1), key(2)]);
    expect(ofGeneration(7)).toEqual([key(6), key(7)]);
  });

  test.each<[readonly number[], number, string | null]>([
    [[], 1, null],
    [[], 9, null],
    [[1], 1, null],
    [[1], 2, null],
    [[1], 3, '1 that the cluster’s members trust; allowed now: 1 or 2'],
    [[1, 2], 2, null],
    [[2, 1], 1, '2 that the cluster’s members trust; allowed now: 2'],
    [[2, 1], 3, '1 that the cluster’s members trust; allowed now: 2'],
    [[2], 1, '2 that the cluster’s members trust; allowed now: 2 or 3'],
    [[2], 2, null],
    [[2], 3, null],
    [[2], 4, '2 that the cluster’s members trust; allowed now: 2 or 3'],
  ])('where %j are trusted, of generation %i is refused: %s', (trusted, generation, why) => {
    const said = deploymentRefusal(
      trusted.map((one) => known(one)),
      ofGeneration(generation),
    );
    if (why === null) expect(said).toBeNull();
    else {
      expect(said).toContain(`etcd-appliance.certificateAuthorityGeneration is ${generation}, which takes away`);
      expect(said).toContain(`the key of generation ${why.replace('’', "'")}`);
    }
  });

  test('with another key of the same generation is refused: the one before it was deleted', () => {
    expect(deploymentRefusal([{ generation: 2, keyArn: 'key-2-before' }], ofGeneration(2))).toContain('allowed now');
  });
});
