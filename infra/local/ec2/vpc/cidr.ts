/** IPv4 ranges as EC2 takes them. Pure. */
import { isIPv4 } from 'node:net';
import { AwsError } from '../../wire/service.ts';

/** @throws AwsError in EC2's words, where it is no range. @returns with the bits after the prefix cleared, as EC2 does */
export function canonicalCidr(text: string, parameter: string): string {
  const [address = '', bits = ''] = text.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32 || text.split('/').length !== 2) {
    const message = `Value (${text}) for parameter ${parameter} is invalid. This is not a valid CIDR block.`;
    throw new AwsError('InvalidParameterValue', message);
  }
  const { first } = rangeOf(text);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${octets.join('.')}/${Number(bits)}`;
}

export function overlap(a: string, b: string): boolean {
  const [one, two] = [rangeOf(a), rangeOf(b)];
  return one.first <= two.last && two.first <= one.last;
}

function rangeOf(cidr: string): { first: number; last: number } {
  const [address = '', bits] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}
