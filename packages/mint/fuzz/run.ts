/** Fuzzes a target for a while, or with a number of inputs. */
import { Random } from './random.ts';
import { Report } from './report.ts';
import type { FuzzTarget } from './target.ts';

export interface RunOptions {
  readonly seed: number;
  /** How long, in seconds. Default: without a limit. */
  readonly seconds?: number;
  /** How many inputs. Default: without a limit. */
  readonly inputs?: number;
}

export async function run(
  target: FuzzTarget,
  { seed, seconds = Number.POSITIVE_INFINITY, inputs = Number.POSITIVE_INFINITY }: RunOptions,
): Promise<Report> {
  const random = new Random(seed);
  const report = new Report(target.name);
  const end = performance.now() + seconds * 1000;
  for (let count = 0; count < inputs && performance.now() < end; count++) {
    report.add(await target.tryOne(random));
  }
  return report;
}
