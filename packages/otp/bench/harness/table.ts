/** Plain text tables. */

/** The first column is flush left, the others are numbers. */
export function table(rows: ReadonlyArray<readonly string[]>): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `2.31 M`, `740 k`, `12.5 k`, `830`. */
export function formatRate(perSecond: number | undefined): string {
  if (perSecond === undefined || !Number.isFinite(perSecond)) return '–';
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(perSecond >= 1e7 ? 1 : 2)} M`;
  if (perSecond >= 1e3) return `${(perSecond / 1e3).toFixed(perSecond >= 1e5 ? 0 : 1)} k`;
  return perSecond.toFixed(0);
}

/** `12.3×`; `–` without a peer. With an aim, whether it was reached: `12.3× (≥ 10)`, `1.8× (< 2)`. */
export function formatRatio(ratio: number | undefined, aim?: number): string {
  if (ratio === undefined || !Number.isFinite(ratio)) return '–';
  const text = `${ratio.toFixed(ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2)}×`;
  if (aim === undefined) return text;
  return `${text} (${ratio >= aim ? '≥' : '<'} ${aim})`;
}
