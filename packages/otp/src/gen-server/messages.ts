/** What travels to a GenServer beside calls. */
import { Call } from '../process/messages/call.ts';
import type { CallerContext } from '../process/context.ts';

/** A request: the name of a clause, or its name and arguments. */
export type Request = string | readonly [clause: string, ...args: unknown[]];

export function isRequest(value: unknown): value is Request {
  return typeof value === 'string' || (Array.isArray(value) && typeof value[0] === 'string');
}

/** A request that is not answered. */
export class Cast {
  readonly request: Request;
  /** The async context of the caller, for a server that handles casts in it. */
  readonly context: CallerContext | undefined;
  constructor(request: Request, context?: CallerContext) {
    this.request = request;
    this.context = context;
  }
  static of(message: unknown): Cast | undefined {
    try {
      return message instanceof Cast ? message : undefined;
    } catch {
      return undefined; // a revoked proxy
    }
  }
}

/** Put into the mailbox when a server's timeout fires; void if another message came first. */
export class TimeoutTick {
  readonly type = 'timeout';
  static isTick(message: unknown): message is TimeoutTick {
    try {
      return message instanceof TimeoutTick;
    } catch {
      return false; // a revoked proxy
    }
  }
}

/** A message as a crash report or a trace shows it. */
export function shownMessage(message: unknown): unknown {
  if (Call.isCall(message)) return { call: message.request, from: message.pid };
  const cast = Cast.of(message);
  if (cast !== undefined) return { cast: cast.request };
  return TimeoutTick.isTick(message) ? 'timeout' : message;
}
