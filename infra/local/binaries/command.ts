/** `npm run etcd -- 3.0.17`: fetches or builds etcd of any version, and says where it is. */
import { existsSync } from 'node:fs';
import { officialVersions } from '#etcd/releases.ts';
import { compareVersions, isSupported, minors } from '#etcd/versions.ts';
import { buildable } from './build.ts';
import { cacheFolder } from './cache.ts';
import { progressPrinter } from './progress.ts';
import { cachedAt, resolveEtcd } from './resolve.ts';

const usage = `Usage: npm run etcd -- X.Y.Z [X.Y.Z ...]   fetch or build these versions, print where they are
       npm run etcd -- --list               versions that are known, and which are here already

Looked for in the cache (${cacheFolder()}), the folder $ETCD_BINARIES, the PATH, the official
releases, and last built from the Go modules.
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return args.length === 0 ? 2 : 0;
  }
  if (args.includes('--list')) return list();
  const unknown = args.filter((version) => !isSupported(version));
  if (unknown.length > 0) {
    process.stderr.write(
      `not an etcd version: ${unknown.join(', ')}; allowed: X.Y.Z of a minor from ${minors[0]} to ${minors.at(-1)}, such as 3.5.35\n`,
    );
    return 2;
  }
  const progress = progressPrinter(process.stderr);
  for (const version of args) {
    const path = await resolveEtcd(version, { onProgress: progress.show }).finally(() => progress.end());
    process.stdout.write(`${path}\n`);
  }
  return 0;
}

function list(): number {
  const recipes = buildable();
  const official = officialVersions(process.arch === 'arm64' ? 'arm64' : 'amd64');
  for (const version of [...new Set([...recipes, ...official])].sort(compareVersions)) {
    const here = existsSync(cachedAt('etcd', version)) ? 'here' : '    ';
    const ways = [
      ...(official.includes(version) ? ['official release'] : []),
      ...(recipes.includes(version) ? ['build'] : []),
    ];
    process.stdout.write(`${version.padEnd(8)} ${here}  ${ways.join(', ')}\n`);
  }
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
