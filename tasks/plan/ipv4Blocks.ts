/** IPv4 blocks such as 10.42.0.0/16. Pure. */

const form = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\/(\d|[12]\d|3[0-2])$/;

/** Whether all bits after the prefix are zero. */
export function isIpv4Block(text: string): boolean {
  if (!form.test(text)) return false;
  const { first, size } = rangeOf(text);
  return first % size === 0;
}

/** `/16` is 16. */
export function prefixOf(block: string): number {
  return Number(block.split('/')[1]);
}

/** Whether they have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.first < b.first + b.size && b.first < a.first + a.size;
}

/** Whether every address of a block is in one of the others. */
export function covered(block: string, others: readonly string[]): boolean {
  const { first, size } = rangeOf(block);
  let next = first;
  for (const other of others.map(rangeOf).sort((a, b) => a.first - b.first))
    if (other.first <= next) next = Math.max(next, other.first + other.size);
  return next >= first + size;
}

function rangeOf(block: string): { readonly first: number; readonly size: number } {
  const [address = ''] = block.split('/');
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first, size: 2 ** (32 - prefixOf(block)) };
}
