/** Progress of long work: a bar on a terminal, a line now and then elsewhere. */

export interface Progress {
  /** `etcd 3.5.35` */
  readonly task: string;
  /** `downloading 4.2 of 19.1 MB` */
  readonly detail: string;
  /** 0 to 1; null where nobody knows. */
  readonly fraction: number | null;
}

export interface ProgressPrinter {
  show(progress: Progress): void;
  /** Clears the bar. */
  end(): void;
}

const width = 24;
const lineEveryMs = 5_000;

export function progressPrinter(stream: NodeJS.WriteStream): ProgressPrinter {
  return stream.isTTY ? bar(stream) : lines(stream);
}

function bar(stream: NodeJS.WriteStream): ProgressPrinter {
  let drawn = false;
  return {
    show(progress) {
      drawn = true;
      stream.write(`\r\x1b[2K${barText(progress, Date.now()).slice(0, (stream.columns ?? 80) - 1)}`);
    },
    end() {
      if (drawn) stream.write('\r\x1b[2K');
      drawn = false;
    },
  };
}

/** One line of text: the bar fills with the fraction, or a block wanders where that is unknown. */
export function barText({ task, detail, fraction }: Progress, nowMs: number): string {
  const filled = fraction === null ? 0 : Math.round(Math.min(Math.max(fraction, 0), 1) * width);
  const known = '#'.repeat(filled) + '.'.repeat(width - filled);
  const at = Math.floor(nowMs / 150) % (width - 2);
  const unknown = `${'.'.repeat(at)}###${'.'.repeat(width - 3 - at)}`;
  return `${task} [${fraction === null ? unknown : known}] ${detail}`;
}

function lines(stream: NodeJS.WriteStream): ProgressPrinter {
  const last = new Map<string, number>();
  return {
    show({ task, detail, fraction }) {
      if (Date.now() - (last.get(task) ?? 0) < lineEveryMs) return;
      last.set(task, Date.now());
      stream.write(`${task}: ${detail}${fraction === null ? '' : ` (${Math.floor(fraction * 100)} %)`}\n`);
    },
    end: () => last.clear(),
  };
}
