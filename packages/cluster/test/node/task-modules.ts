/** What the worker of the tests of remote tasks may run for other nodes. */
import { exit, receive, send, signal, type Pid } from '@linnet/otp';

export const modules = {
  sum: (a: number, b: number) => a + b,
  later: async (value: string) => {
    await new Promise((resolve) => setImmediate(resolve));
    return { value };
  },
  fails: (message: string): never => {
    throw new RangeError(message);
  },
  exits: (reason: string) => exit(reason),
  callback: () => () => {},
  /** Tells that it runs, and runs until it is ended. */
  waits: async (to: Pid) => {
    const { aborted } = signal();
    send(to, { running: aborted });
    await receive();
  },
  dies: () => process.exit(3),
};
