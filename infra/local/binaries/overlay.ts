/**
 * Files of etcd's source that a build replaces (`go build -overlay`), for 3.0 to 3.3: what today's toolchains and modules take
 * no more as it was released.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareVersions } from '#etcd/versions.ts';
import { runProgram } from './program.ts';

/** @param work folder for the replacements @param cwd of the recipe @returns arguments of `go` @throws Error where the source is not as expected */
export async function overlayFor(
  version: string,
  work: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  if (compareVersions(version, '3.0.0') < 0 || compareVersions(version, '3.4.0') >= 0) return [];
  const module = 'github.com/coreos/etcd';
  await runProgram('go', ['mod', 'download', module], { cwd, env });
  const source = (await runProgram('go', ['list', '-m', '-f', '{{.Dir}}', module], { cwd, env })).trim();
  const replaced: Record<string, string> = {};
  const replace = (path: string, name: string, content: string) => {
    writeFileSync(join(work, name), content);
    replaced[join(source, path)] = join(work, name);
  };
  // The v2 client's generated JSON code fits only a codec that is no longer served; without it reflection is used.
  replace('client/keys.generated.go', 'keys.go', 'package client\n');
  if (needsHttp2Offer(version)) {
    const listener = 'pkg/transport/listener.go';
    replace(listener, 'listener.go', withHttp2Offer(readFileSync(join(source, listener), 'utf8')));
  }
  writeFileSync(join(work, 'overlay.json'), JSON.stringify({ Replace: replaced }));
  return ['-overlay', join(work, 'overlay.json')];
}

/** 3.0 leaves it to Go's server to offer HTTP/2 in a handshake, which Go does unasked in 1.6 alone. */
function needsHttp2Offer(version: string): boolean {
  return compareVersions(version, '3.1.0') < 0;
}

/**
 * What etcd 3.1 does (pull request 6463, for issue 6455): its servers offer HTTP/2 themselves, so that the v3 API and its gateway
 * work over TLS whichever Go it was built with.
 * @param source of pkg/transport/listener.go
 */
export function withHttp2Offer(source: string): string {
  const parts = source.split(/^(func \(info TLSInfo\) ServerConfig\(\).*\n[\s\S]*?)^(\treturn cfg, nil\n)/m);
  const [before, head, end, after] = parts;
  if (parts.length !== 4)
    throw new Error('pkg/transport/listener.go is not as in etcd 3.0: it has no ServerConfig to change');
  return `${before}${head}\tcfg.NextProtos = []string{"h2"}\n${end}${after}`;
}
