/** What security groups let through, held to looking at every address by itself. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { covered } from '../../../tasks/plan/ipv4Blocks.ts';
import { admits, type SecurityRule, securityProblems } from '../../../tasks/plan/securityRules.ts';

/** Blocks of 10.0.0.0/24, so that every address can be looked at. */
const block = fc.integer({ min: 24, max: 32 }).chain((prefix) => {
  const size = 2 ** (32 - prefix);
  return fc.integer({ min: 0, max: 256 / size - 1 }).map((index) => `10.0.0.${index * size}/${prefix}`);
});
const addressesOf = (text: string) => {
  const [address = '', prefix] = text.split('/');
  const first = Number(address.split('.')[3]);
  return Array.from({ length: 2 ** (32 - Number(prefix)) }, (_, index) => first + index);
};
const port = fc.integer({ min: 2377, max: 2382 });
const rule: fc.Arbitrary<SecurityRule> = fc
  .record({ protocol: fc.constantFrom('tcp', '6', 'udp', '-1', 'icmp'), ports: fc.tuple(port, port), block })
  .map(({ ports, ...rest }) => ({ ...rest, fromPort: Math.min(...ports), toPort: Math.max(...ports) }));

test('a block is covered where each of its addresses is in one of the others', () => {
  fc.assert(
    fc.property(block, fc.array(block, { maxLength: 6 }), (wanted, others) => {
      const inOthers = new Set(others.flatMap(addressesOf));
      expect(covered(wanted, others)).toBe(addressesOf(wanted).every((address) => inOthers.has(address)));
    }),
  );
});

test('a port is open to a block where for each of its addresses there is a rule', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), block, port, (rules, wanted, asked) => {
      const open = (address: number) =>
        rules.some(
          ({ protocol, fromPort, toPort, block: from }) =>
            addressesOf(from).includes(address) &&
            (protocol === '-1' || (['tcp', '6'].includes(protocol) && asked >= fromPort && asked <= toPort)),
        );
      expect(admits(rules, wanted, asked)).toBe(addressesOf(wanted).every(open));
    }),
  );
});

describe('what is said', () => {
  const tcp = (from: number, to: number, source = '10.43.0.0/16'): SecurityRule => ({
    protocol: 'tcp',
    fromPort: from,
    toPort: to,
    block: source,
  });
  const everything: SecurityRule = { protocol: '-1', fromPort: 0, toPort: 65_535, block: '0.0.0.0/0' };
  const other = { region: 'eu-central-1', blocks: ['10.43.3.0/24', '10.43.4.0/24'] };
  const problems = (inbound: SecurityRule[], outbound = [everything], more: SecurityRule[] = []) => {
    const groups = [
      { id: 'sg-1', inbound, outbound },
      { id: 'sg-2', inbound: more, outbound: [] },
    ];
    return securityProblems({ region: 'eu-west-1', groups }, other);
  };

  test('nothing of groups that let the other members through, each of them or together', () => {
    expect(problems([tcp(2379, 2380)])).toEqual([]);
    expect(problems([tcp(2379, 2379)], [everything], [tcp(2380, 2380)])).toEqual([]);
    expect(problems([tcp(0, 65_535, '10.43.3.0/24')], [everything], [tcp(2379, 2380, '10.43.4.0/24')])).toEqual([]);
  });

  test('which groups do not admit whom, on what, and what to do', () => {
    const said = 'sg-1, sg-2 in eu-west-1 does not admit members in eu-central-1';
    expect(problems([])).toEqual([`${said} (tcp 2379 and 2380, 10.43.3.0/24, 10.43.4.0/24): add that inbound rule`]);
    expect(problems([tcp(2379, 2379)])).toEqual([
      `${said} (tcp 2380, 10.43.3.0/24, 10.43.4.0/24): add that inbound rule`,
    ]);
    expect(problems([tcp(2379, 2380, '10.43.3.0/24'), tcp(2379, 2379, '10.43.4.0/25')])).toEqual([
      `${said} (tcp 2379 and 2380, 10.43.4.0/24): add that inbound rule`,
    ]);
    expect(problems([tcp(2379, 2380)], [tcp(443, 443, '0.0.0.0/0')])).toEqual([
      'sg-1, sg-2 in eu-west-1 lets nothing out to eu-central-1 (tcp 2379 and 2380, 10.43.3.0/24, 10.43.4.0/24): add that outbound rule',
    ]);
  });
});
