/** Values of DNS records in one spelling. Pure. */

/** SRV targets may come with capitals, more spaces or no dot at the end. */
export function sameValue(type: string, value: string): string {
  if (type !== 'SRV') return value;
  const text = value.trim().toLowerCase().split(/\s+/).join(' ');
  return text.endsWith('.') ? text : `${text}.`;
}

/** The name that a value of an SRV record points to. */
export function targetOf(value: string): string {
  return sameValue('SRV', value).split(' ')[3] ?? '';
}
