/** Work of several steps that must come to its end even if whoever asked for it dies. */
import { ExitError, spawn, Watch } from '@linnet/otp';

/** Runs work in a process of its own; rejects when that process is killed. */
export function inBackground<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = spawn(async () => {
      // Its failure is the caller's, not a crash.
      await work().then(resolve, reject);
    });
    new WorkerGuard(reject).watch(worker);
  });
}

class WorkerGuard extends Watch {
  private readonly reject: (error: Error) => void;

  constructor(reject: (error: Error) => void) {
    super();
    this.reject = reject;
  }

  protected override down(_pid: unknown, reason: unknown): void {
    this.reject(new ExitError(reason));
  }
}
