/** What a soak prints. */
import type { SoakOptions, SoakResult } from './run.ts';

export function report(options: SoakOptions, { tally, servers, heap }: SoakResult): string {
  const sum = (figure: 'requests' | 'faults' | 'connections'): number =>
    servers.reduce((total, server) => total + server[figure], 0);
  const answered: Record<string, number> = {};
  for (const server of servers) {
    for (const [what, count] of Object.entries(server.answered)) {
      answered[what] = (answered[what] ?? 0) + count;
    }
  }
  const { early, late } = heap.plateaus;
  const lines = [
    `soak: ${options.seconds} s, ${options.callers} callers, seed ${options.seed}, Node.js ${process.versions.node}`,
    `  asked      ${tally.started}; lost ${tally.lost}; late ${tally.late} (the latest by ${Math.round(tally.latest)} ms, hold-ups of the event loop apart, of which the longest was ${Math.round(tally.lag.longest)} ms)`,
    `  outcomes   ${counts(tally.outcomes)}`,
    `  kills      ${counts(tally.kills)}`,
    `  server     ${sum('requests')} requests on ${sum('connections')} connections, ${sum('faults')} faults`,
    `  answers    ${counts(answered)}`,
    `  heap       ${megabytes(early)} early, ${megabytes(late)} late`,
    tally.violationCount === 0
      ? '  violations none'
      : `  VIOLATIONS ${tally.violationCount} (seed ${options.seed}), the first of them:`,
    ...tally.violations.map((text) => `    - ${text}`),
  ];
  return lines.join('\n');
}

function counts(of: Readonly<Record<string, number>>): string {
  const entries = Object.entries(of).toSorted(([, a], [, b]) => b - a);
  return entries.map(([what, count]) => `${what} ${count}`).join(', ') || 'none';
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
