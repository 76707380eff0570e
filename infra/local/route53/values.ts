/** What Route 53 says of a value that is none of its type, in its own words where they are known; null: it is one. Pure. */
import { isIPv4, isIPv6 } from 'node:net';

export function valueProblem(type: string, value: string): string | null {
  const problem = problems[type]?.(value) ?? null;
  return problem === null ? null : `Invalid Resource Record: 'FATAL problem: ${problem} encountered with '${value}''`;
}

const problems: Readonly<Record<string, (value: string) => string | null>> = {
  A: (value) => (isIPv4(value) ? null : 'ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)'),
  AAAA: (value) => (isIPv6(value) ? null : 'AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)'),
  SRV(value) {
    const [priority, weight, port, target, ...more] = value.split(' ');
    if (target === undefined || target === '' || more.length > 0)
      return "SRVRRDATANotFourFields (SRV record doesn't have 4 fields)";
    const numbers = [priority, weight, port].every((text) => /^\d{1,5}$/.test(text ?? '') && Number(text) <= 65_535);
    return numbers ? null : 'SRVRRDATAIllegalNumber (Value is not a number from 0 to 65535)';
  },
  TXT(value) {
    if (!/^"([^"\\]|\\.)*"( "([^"\\]|\\.)*")*$/.test(value))
      return 'InvalidCharacterString (Value should be enclosed in quotation marks)';
    const long = (value.match(/"(?:[^"\\]|\\.)*"/g) ?? []).some((text) => text.length > 257);
    return long ? 'CharacterStringTooLong (Value is too long)' : null;
  },
};
