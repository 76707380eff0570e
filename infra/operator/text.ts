/** Times, sizes and tables for a person's eyes. Pure. */

/** `42 s`, `3 min 5 s`, `2 h 4 min` */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** An estimate, no finer than it can be: `35 s`, `4 min`, `2 h 4 min` */
export function aboutText(ms: number): string {
  if (ms <= 90_000) return `${Math.max(1, Math.ceil(ms / 5000)) * 5} s`;
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 90 ? `${minutes} min` : durationText(minutes * 60_000);
}

/** `4:05`, `1:02:03`: time that runs. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number: number) => String(number).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** `20 KiB`, `1.5 MiB`, `2.0 GiB` */
export function bytesText(bytes: number): string {
  const [divisor, unit] =
    bytes < 1024 ** 2 ? [1024, 'KiB'] : bytes < 1024 ** 3 ? [1024 ** 2, 'MiB'] : [1024 ** 3, 'GiB'];
  return `${(bytes / divisor).toFixed(divisor === 1024 ? 0 : 1)} ${unit}`;
}

/** Columns as wide as their longest cell. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0));
  return rows.map((cells) => `  ${cells.map((cell, column) => cell.padEnd(width(column))).join('  ')}`.trimEnd());
}
