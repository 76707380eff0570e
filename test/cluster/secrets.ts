/** Searches files for secrets: each in every form in which a program might print it, archives unpacked. */
import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

export interface Secret {
  readonly what: string;
  /** What must be nowhere: a text, or of a key its private number alone, as the rest of it is public. */
  readonly octets: Buffer;
  /** Of a key: the lines of its PEM that hold parts of that. */
  readonly lines: readonly string[];
}

/** @param pem PKCS #8 of a key on P-256 */
export function keySecret(what: string, pem: string): Secret {
  const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
  const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  // The first line begins as that of every such key; from the third on it is public.
  return { what, octets: Buffer.from(d, 'base64url'), lines: [lines[0]?.slice(48) ?? '', lines[1] ?? ''] };
}

export function textSecret(what: string, text: string): Secret {
  return { what, octets: Buffer.from(text), lines: [] };
}

/** What to search: a file's path, as it is to be named, and its content. */
export interface Content {
  readonly name: string;
  readonly octets: Buffer;
}

/** @returns `SECRET in NAME` for each that is found */
export async function foundIn(contents: Iterable<Content>, secrets: readonly Secret[]): Promise<readonly string[]> {
  const work = mkdtempSync(join(tmpdir(), 'secrets-'));
  try {
    const texts = new Map(secrets.flatMap((secret) => textsOf(secret).map((text) => [text, secret.what] as const)));
    writeFileSync(join(work, 'patterns'), [...texts.keys()].join('\n'));
    const found = new Set<string>();
    const names: string[] = [];
    for (const { name, octets } of contents)
      for (const form of formsOf(octets)) {
        for (const secret of secrets) if (form.includes(secret.octets)) found.add(`${secret.what} in ${name}`);
        writeFileSync(join(work, String(names.push(name) - 1)), form);
      }
    for (const [file, text] of await grep(work)) found.add(`${texts.get(text)} in ${names[Number(file)]}`);
    return [...found].sort();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** As it is, unpacked, and without the breaks that a text may be cut by, also inside of JSON. */
function formsOf(content: Buffer): readonly Buffer[] {
  const isArchive = content[0] === 0x1f && content[1] === 0x8b;
  const plain = withoutHoles(isArchive ? gunzipSync(content) : content);
  if (plain.subarray(0, 4_096).includes(0)) return [plain];
  return [plain, Buffer.from(plain.toString('latin1').replace(/\s+|(\\+n)+/g, ''), 'latin1')];
}

const blockBytes = 4_096;
const emptyBlock = Buffer.alloc(blockBytes);

/** etcd's files are of 16 and 64 MB from the start, most of it zeros. */
function withoutHoles(content: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let from = 0; from < content.length; from += blockBytes) {
    const block = content.subarray(from, from + blockBytes);
    if (!block.equals(emptyBlock)) blocks.push(block);
  }
  return blocks.length * blockBytes < content.length ? Buffer.concat(blocks) : content;
}

const run = promisify(execFile);
const longestOutput = 16 * 1024 * 1024;

/** File and text of each match. */
async function grep(folder: string): Promise<readonly (readonly [file: string, text: string])[]> {
  const args = ['-raoFZ', '-f', 'patterns', '--exclude=patterns'];
  const { stdout } = await run('grep', [...args, '.'], { cwd: folder, maxBuffer: longestOutput }).catch(
    (error: { code?: number }) => {
      // There is none.
      if (error.code === 1) return { stdout: '' };
      throw error;
    },
  );
  const lines = stdout.split('\n').filter(Boolean);
  return lines.map((line) => [line.slice(2, line.indexOf('\0')), line.slice(line.indexOf('\0') + 1)] as const);
}

const leastLength = 12;

/** As text, in hex, and in base64 wherever it begins in what was encoded. */
function textsOf({ octets, lines }: Secret): readonly string[] {
  const isText = lines.length === 0;
  const parts = [octets, ...lines.map((line) => Buffer.from(line))];
  const texts = parts.flatMap((part) => [part.toString('hex'), part.toString('hex').toUpperCase(), ...base64Of(part)]);
  return [...lines, ...(isText ? [octets.toString()] : []), ...texts].filter((text) => text.length > leastLength);
}

function base64Of(part: Buffer): readonly string[] {
  const encoded = [0, 1, 2].map((before) => {
    const base64 = Buffer.concat([Buffer.alloc(before), part])
      .toString('base64')
      .replace(/=+$/, '');
    // Characters at the edges are shared with what is around it.
    return base64.slice(before === 0 ? 0 : before + 1, -1);
  });
  return [...encoded, ...encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** Of files, as they are asked for. */
export function* contentsOf(files: readonly string[], folder: string): Generator<Content> {
  for (const file of files) yield { name: file.replace(`${folder}/`, ''), octets: readFileSync(file) };
}
