/** SHA-256 of official release archives, pinned. */

type Arch = 'amd64' | 'arm64';

const sums: Readonly<Record<string, Partial<Readonly<Record<Arch, string>>>>> = {};

/** Hex SHA-256 of `etcd-vX.Y.Z-linux-ARCH.tar.gz` as released; null where it is not known here. */
export function officialSha256(version: string, arch: Arch): string | null {
  return sums[version]?.[arch] ?? null;
}

/** Where the etcd project publishes that archive. */
export function officialUrl(version: string, arch: Arch): string {
  return `https://github.com/etcd-io/etcd/releases/download/v${version}/etcd-v${version}-linux-${arch}.tar.gz`;
}

/** Versions with a pinned SHA-256. */
export function officialVersions(): readonly string[] {
  return Object.keys(sums);
}
