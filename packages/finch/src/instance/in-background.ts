/** Work of several steps that must be completed even if its caller dies halfway. */
import { ExitError, onDeath, spawn } from '@linnet/otp';

/** Runs work in a process of its own; rejects when that process is killed. */
export function inBackground<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = spawn(async () => {
      // A failure is the caller's, and no crash.
      await work().then(resolve, reject);
    });
    onDeath(worker, (reason) => reject(new ExitError(reason)));
  });
}
