/**
 * Names of keys that the newest raft snapshot holds in the v2 store, for an error that says which. The snapshot's data is the
 * store as JSON (etcd: etcdserver/api/v2store, Save), inside a protobuf envelope that is not needed to find it.
 */
import { readFileSync } from 'node:fs';
import { newestSnapshot } from './etcdFiles.ts';

interface Node {
  readonly Path?: string;
  readonly Children?: Readonly<Record<string, Node>> | null;
}

/** Paths below the root of clients' keys, at most `most`; empty where there are none, or none can be read. */
export function v2KeysInSnapshot(dataDir: string, most: number): readonly string[] {
  try {
    const newest = newestSnapshot(dataDir);
    if (newest === null) return [];
    const root = storeIn(readFileSync(newest, 'utf8'));
    // Clients' keys are below /1, etcd's own below /0 (etcdserver: StoreKeysPrefix, StoreClusterPrefix).
    return leaves(root?.Children?.['1'])
      .map((path) => path.replace(/^\/1/, ''))
      .slice(0, most);
  } catch {
    return [];
  }
}

function storeIn(text: string): Node | null {
  const begin = text.indexOf('{"Root":');
  const end = text.lastIndexOf('}');
  if (begin < 0 || end < begin) return null;
  return (JSON.parse(text.slice(begin, end + 1)) as { Root?: Node }).Root ?? null;
}

function leaves(node: Node | undefined): string[] {
  if (node === undefined) return [];
  const children = Object.values(node.Children ?? {});
  if (children.length === 0) return node.Path === '/1' || node.Path === undefined ? [] : [node.Path];
  return children.flatMap(leaves);
}
