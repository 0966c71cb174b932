/** The heap after a full collection, once a second: it must not grow with the requests. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Growth from the early to the late plateau that is taken for noise. */
const noise = { share: 0.2, bytes: 6 * 2 ** 20 };
/** Fewer samples do not make two plateaus. */
const fewest = 15;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export class Heap {
  private readonly samples: number[] = [];
  private readonly timer = setInterval(() => {
    collect();
    this.samples.push(process.memoryUsage().heapUsed);
  }, 1000);

  stop(): void {
    clearInterval(this.timer);
  }

  /** Medians of the samples from 20 to 40 % and from 80 to 100 % of the time, in bytes. */
  get plateaus(): { readonly early: number; readonly late: number } {
    return { early: this.median(0.2, 0.4), late: this.median(0.8, 1) };
  }

  get grew(): boolean {
    const { early, late } = this.plateaus;
    return this.samples.length >= fewest && late > early * (1 + noise.share) + noise.bytes;
  }

  private median(from: number, to: number): number {
    const { length } = this.samples;
    const part = this.samples.slice(Math.floor(from * length), Math.ceil(to * length));
    return part.toSorted((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0;
  }
}
