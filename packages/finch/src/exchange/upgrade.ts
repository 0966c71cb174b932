/** `finch.upgrade`: a connection, or a stream of one, that a server switches to another protocol. */
import type { Duplex } from 'node:stream';
import { currentPid } from '@linnet/otp';
import { isToken, type Fields } from '@linnet/mint';
import { describeValue } from '@linnet/otp/options';
import { InvalidRequestError } from '../errors/index.ts';
import { ResponseHeaders } from '../response/index.ts';
import { Caller } from './caller.ts';
import { OpenResponse } from './open-response.ts';
import { notBegun, type PreparedRequest, type SendInput } from './prepared-request.ts';
import type { Switching } from './sink.ts';
import { ResponseReader, type OpenedHead } from './sinks/reader.ts';

/** What a server answered to `finch.upgrade`. */
export type UpgradeResult = SwitchedProtocol | NotSwitched;

/** The server has switched protocols. */
export interface SwitchedProtocol {
  readonly switched: true;
  /** 101 after an upgrade of HTTP/1.1; 2xx after extended CONNECT of HTTP/2 or HTTP/3. */
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** What both sides say in the new protocol; the connection is in use until it is closed. */
  readonly stream: Duplex;
}

/** The server answered as to any other request. */
export interface NotSwitched {
  readonly switched: false;
  /** Read its body, or cancel it. */
  readonly response: OpenResponse;
}

/** Resolves with what the server answers. */
export function upgradeRequest(
  input: SendInput,
  protocol: string,
  prepare: () => PreparedRequest,
): Promise<UpgradeResult> {
  return new Promise((resolve, reject) => {
    try {
      checkProtocol(protocol);
      const { instance, request, options, begin } = prepare();
      const opening = {
        resolve: (head: OpenedHead) =>
          resolve({ switched: false, response: new OpenResponse(head) }),
        reject,
      };
      const switching = new Upgrade(protocol, resolve);
      const reader = new ResponseReader(instance, request, options, opening, switching);
      begin(reader.exchange);
    } catch (error) {
      throw notBegun(input, error);
    }
  });
}

/** What a request may ask to switch to: a token. @throws InvalidRequestError */
export function checkProtocol(protocol: unknown): asserts protocol is string {
  if (typeof protocol === 'string' && isToken(protocol)) return;
  throw new InvalidRequestError({
    option: 'upgrade',
    value: protocol,
    problem: `There is no protocol ${describeValue(protocol)} to switch to`,
    allowed: "the name of a protocol, such as 'websocket'",
  });
}

/** A switch to another protocol; the stream ends with the process that asked for it. */
class Upgrade implements Switching {
  readonly protocol: string;
  private readonly resolve: (result: UpgradeResult) => void;
  private readonly caller = currentPid();

  constructor(protocol: string, resolve: (result: UpgradeResult) => void) {
    this.protocol = protocol;
    this.resolve = resolve;
  }

  switched(status: number, headers: Fields, stream: Duplex): void {
    if (this.caller !== undefined) {
      const caller = new Caller({ callerDown: () => stream.destroy() });
      stream.once('close', () => caller.unwatch());
      caller.watch(this.caller);
    }
    this.resolve({ switched: true, status, headers: new ResponseHeaders(headers), stream });
  }
}
