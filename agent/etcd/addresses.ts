/** Where a member is reached. Ports are etcd's own registered ones (IANA 2379 and 2380). */

export const clientPort = 2379;
export const peerPort = 2380;

export function peerUrl(address: string): string {
  return `http://${address}:${peerPort}`;
}

export function clientUrl(address: string): string {
  return `http://${address}:${clientPort}`;
}

/** The value of `--initial-cluster`: the same text on every member, whatever order the members come in. */
export function initialCluster(members: readonly { readonly name: string; readonly peerUrl: string }[]): string {
  return members
    .map((member) => `${member.name}=${member.peerUrl}`)
    .sort()
    .join(',');
}
