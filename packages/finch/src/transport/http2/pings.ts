/**
 * The PINGs of a session that wait for their answer.
 */
import type { ClientHttp2Session } from 'node:http2';
import { InvalidRequestError } from '../../errors/index.ts';
import { maxOutstandingPings } from './open-session.ts';

/** Whose connection it is. */
export interface PingUser {
  readonly origin: string;
  readonly usable: boolean;
  readonly onActivity: (() => void) | undefined;
  /** Why nothing can be sent. */
  unusable(): Error;
}

export class Pings {
  private readonly waiting = new Set<(error: Error) => void>();
  private readonly user: PingUser;

  constructor(user: PingUser) {
    this.user = user;
  }

  /** Sends a PING; fulfilled with how long its answer took, in ms. */
  send(session: ClientHttp2Session): Promise<number> {
    const { user, waiting } = this;
    return new Promise((resolve, reject) => {
      if (!user.usable) {
        reject(user.unusable());
        return;
      }
      waiting.add(reject);
      const isSent = session.ping((error, duration) => {
        waiting.delete(reject);
        if (error === null) {
          user.onActivity?.();
          resolve(duration);
        } else {
          // One too many is refused before `ping` returns; the others end with the session.
          reject(user.usable ? tooMany(user.origin) : user.unusable());
        }
      });
      if (!isSent) waiting.delete(reject);
    });
  }

  /** The connection is gone. */
  end(): void {
    for (const reject of this.waiting) reject(this.user.unusable());
    this.waiting.clear();
  }
}

function tooMany(origin: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'ping',
    value: origin,
    allowed: `at most ${maxOutstandingPings} PINGs without an answer`,
    problem: 'Too many PINGs wait for their answer',
  });
}
