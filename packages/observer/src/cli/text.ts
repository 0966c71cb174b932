/** Text for a terminal. */
import { stripVTControlCharacters } from 'node:util';

/** A text of the program without what would steer a terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, ' ');
}

export type Align = 'left' | 'right';

/** Rows in columns; the first row is the heading. */
export function table(rows: ReadonlyArray<readonly string[]>, aligns: readonly Align[]): string[] {
  const shown = rows.map((row) => row.map(plain));
  const widths = aligns.map((_, column) =>
    Math.max(...shown.map((row) => (row[column] ?? '').length)),
  );
  return shown.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return aligns[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** `12 s`, `3 min`, `2 h`, `5 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function bytes(size: number): string {
  return `${(size / 2 ** 20).toFixed(size < 10 * 2 ** 20 ? 1 : 0)} MB`;
}

export function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
