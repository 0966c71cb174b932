/** The player: the parent of the root, a stranger to all others. It traps exits. */
import { receive, spawn, trapExit, type Pid } from '@linnet/otp';
import { send } from '@linnet/otp';

interface Command {
  readonly run: () => Promise<void>;
}

const isCommand = (message: unknown): message is Command =>
  typeof message === 'object' && message !== null && 'run' in message;

export class Player {
  readonly pid: Pid;

  constructor() {
    this.pid = spawn(async () => {
      trapExit();
      for (;;) {
        const { run } = await receive(isCommand);
        await run();
      }
    });
  }

  /** Runs something in the player. */
  do<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async (): Promise<void> => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
      send(this.pid, { run } satisfies Command);
    });
  }
}

/** Runs something in a process of its own. */
export function inFreshProcess<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    spawn(async () => {
      try {
        resolve(await work());
      } catch (error) {
        reject(error);
      }
    });
  });
}
