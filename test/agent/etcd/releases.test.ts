import { describe, expect, test } from '@jest/globals';
import { officialSha256, officialUrl, officialVersions, sumIn } from '#etcd/releases.ts';
import { compareVersions, isSupported } from '#etcd/versions.ts';

describe('official releases', () => {
  test.each(['amd64', 'arm64'] as const)('for %s are pinned by a SHA-256 each, oldest first', (arch) => {
    const versions = officialVersions(arch);
    const sums = versions.map((version) => officialSha256(version, arch));
    expect(versions.length).toBeGreaterThan(40);
    expect(versions.every(isSupported)).toBe(true);
    expect([...versions].sort(compareVersions)).toEqual(versions);
    for (const sum of sums) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(sums).size).toBe(sums.length);
  });

  test('are never the same for both architectures', () => {
    for (const version of officialVersions('arm64'))
      expect(officialSha256(version, 'arm64')).not.toBe(officialSha256(version, 'amd64'));
  });

  test('that are not known have no SHA-256, whatever they are called', () => {
    for (const version of ['3.5.999', '', 'toString', '__proto__'])
      expect(officialSha256(version, 'amd64')).toBeFalsy();
  });

  test('that are not pinned have theirs in the SHA256SUMS of the release', () => {
    const sum = 'a'.repeat(64);
    const file = `${'b'.repeat(64)}  etcd-v3.7.3-linux-arm64.tar.gz\n${sum}  etcd-v3.7.3-linux-amd64.tar.gz\n`;
    expect(sumIn(file, '3.7.3', 'amd64')).toBe(sum);
    expect(sumIn(file.replaceAll('  ', ' *'), '3.7.3', 'amd64')).toBe(sum);
    expect(sumIn(file, '3.7.2', 'amd64')).toBeNull();
    expect(sumIn('<html>etcd-v3.7.3-linux-amd64.tar.gz', '3.7.3', 'amd64')).toBeNull();
  });

  test('are where the etcd project keeps them', () => {
    expect(officialUrl('3.5.21', 'arm64')).toBe(
      'https://github.com/etcd-io/etcd/releases/download/v3.5.21/etcd-v3.5.21-linux-arm64.tar.gz',
    );
  });
});
