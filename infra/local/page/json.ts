/** Where a text stops being JSON: engines say it each in its own way, and V8 not at all for short texts. Pure. */

export interface JsonFault {
  readonly line: number;
  readonly column: number;
  /** What stands there that should not, or what is missing. */
  readonly found: string;
}

/** @returns null where the text is JSON (RFC 8259) */
export function jsonFault(text: string): JsonFault | null {
  const scanner = new Scanner(text);
  const good = scanner.value() && scanner.end();
  if (good) return null;
  const before = text.slice(0, scanner.at).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1, found: foundAt(text, scanner.at) };
}

/** A string, a number, or a name. */
const token =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none in strings
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Goes through the text as far as it is JSON; `at` is then where it stopped. */
class Scanner {
  at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(): boolean {
    this.space();
    if (this.take('{')) return this.items('}', () => this.member());
    if (this.take('[')) return this.items(']', () => this.value());
    return this.match(token);
  }

  end(): boolean {
    this.space();
    return this.at === this.text.length;
  }

  private items(close: string, item: () => boolean): boolean {
    this.space();
    if (this.take(close)) return true;
    do {
      if (!item()) return false;
      this.space();
    } while (this.take(','));
    return this.take(close);
  }

  private member(): boolean {
    this.space();
    if (this.text[this.at] !== '"' || !this.value()) return false;
    this.space();
    return this.take(':') && this.value();
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private space(): void {
    this.match(/[ \t\n\r]*/y);
  }

  private match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return false;
    this.at += found.length;
    return true;
  }
}

function foundAt(text: string, at: number): string {
  if (at >= text.length) return 'the text ends too early';
  const word = /^[\w.+-]+/.exec(text.slice(at, at + 20))?.[0] ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
  return word === '"' ? 'a string that does not belong here or does not end' : `unexpected ${word}`;
}
