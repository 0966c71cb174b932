/** On what the figures were taken: without it they mean nothing. */
import { cpus, loadavg } from 'node:os';

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `Node ${process.versions.node}, ${cpus().length} × ${model}, load average ${loadAverage()}`;
}

/** Of the last minute. Above 1 before a run, the machine is busy with something else too. */
export function loadAverage(): string {
  return (loadavg()[0] ?? 0).toFixed(2);
}
