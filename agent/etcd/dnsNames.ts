/**
 * Domain names as Route 53 keeps and lists them: lower case, a trailing dot, and `\ooo` (octal) for whatever is not a
 * letter, digit, dash, underscore or the dot between labels (AWS: DNS domain name format). Pure.
 */

/** One spelling of a name: `*.Example.org` -> `\052.example.org.` */
export function canonicalName(name: string): string {
  const escaped = name.replace(/\\([0-7]{3})|[\s\S]/g, (whole, octal?: string) => {
    const code = octal === undefined ? whole.charCodeAt(0) : Number.parseInt(octal, 8);
    const letter = String.fromCharCode(code).toLowerCase();
    const plain = octal === undefined ? /[a-z0-9_.-]/ : /[a-z0-9_-]/;
    return plain.test(letter) ? letter : `\\${code.toString(8).padStart(3, '0')}`;
  });
  return escaped.endsWith('.') ? escaped : `${escaped}.`;
}

/** Whether the name is the domain or below it; both canonical. */
export function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

/**
 * What ListResourceRecordSets sorts by: labels reversed, with the trailing dot, as text. So all names of a domain follow
 * each other: `org.example.`, `org.example.a.`, but `org.example-two.` comes before them.
 */
export function sortKey(name: string): string {
  return `${name.slice(0, -1).split('.').reverse().join('.')}.`;
}
