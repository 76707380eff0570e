/** Where a member is reached. Ports are etcd's own registered ones (IANA 2379 and 2380). */

export const clientPort = 2379;
export const peerPort = 2380;

/** @param tls whether the members speak TLS */
export function peerUrl(address: string, tls = false): string {
  return `${tls ? 'https' : 'http'}://${address}:${peerPort}`;
}

/** @param tls as of peerUrl */
export function clientUrl(address: string, tls = false): string {
  return `${tls ? 'https' : 'http'}://${address}:${clientPort}`;
}

/** Whether members with these URLs speak TLS to each other. */
export function areSecure(urls: readonly string[]): boolean {
  return urls.some((url) => url.startsWith('https://'));
}

/** Whether one of a member's URLs is at this address, whatever its scheme: a member that goes over to TLS is the same member. */
export function isAt(urls: readonly string[], address: string): boolean {
  // etcd's URLs have a port always; a URL is not parsed for each question, as there are many.
  return urls.some((url) => url.includes(`//${address}:`));
}

/** The value of `--initial-cluster`: the same text on every member, whatever order the members come in. */
export function initialCluster(members: readonly { readonly name: string; readonly peerUrl: string }[]): string {
  return members
    .map((member) => `${member.name}=${member.peerUrl}`)
    .sort()
    .join(',');
}
