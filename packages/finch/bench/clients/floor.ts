/**
 * What no client can do without: sockets that are kept and the smallest parser that works with
 * this server. No checks, no limits, no time-outs, no pool; a request waits for a free socket.
 *
 * With the look, one thing more: after a response nothing is written to a socket before it was
 * polled once more, so that no request gets what the server sent beyond that response. This is the
 * bound for a client that gives nobody a response to another request.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as secureConnect } from 'node:tls';
import { check, postBody, type Send, type Target } from './client.ts';

const endOfHead = Buffer.from('\r\n\r\n');

class Connection {
  private readonly socket: Socket;
  private readonly buffer = Buffer.allocUnsafeSlow(65_536);
  private readonly body: Buffer;
  private readonly isText: boolean;
  private readonly looks: Looks | undefined;
  private resolve: (length: number) => void = () => {};
  private length = -1;
  private size = 0;
  /** It is to be polled before it is written to. */
  private awaitsPoll = false;
  /** Written after the poll. */
  private request: string | undefined = undefined;

  constructor(target: Target, onFree: (connection: Connection) => void, looks: Looks | undefined) {
    const { origin, socketPath, ca } = target;
    const { hostname, port, protocol } = new URL(origin);
    this.body = Buffer.allocUnsafeSlow(target.bytes);
    this.isText = target.body === 'text';
    this.looks = looks;
    const onread = {
      buffer: this.buffer,
      callback: (length: number) => {
        if (this.read(length)) onFree(this);
        return true;
      },
    };
    const where: NetConnectOpts & { onread: typeof onread } =
      socketPath === undefined
        ? { host: hostname, port: Number(port), onread }
        : { path: socketPath, onread };
    this.socket =
      protocol === 'https:'
        ? secureConnect({ ...where, ...(ca && { ca }), servername: 'localhost' })
        : connect(where);
    this.socket.setNoDelay(true);
  }

  send(request: string): Promise<number> {
    return new Promise((resolve) => {
      this.resolve = resolve;
      if (this.awaitsPoll) this.request = request;
      else this.socket.write(request, 'latin1');
    });
  }

  /** The socket was polled since the last response. */
  polled(): void {
    this.awaitsPoll = false;
    if (this.request === undefined) return;
    this.socket.write(this.request, 'latin1');
    this.request = undefined;
  }

  /** Returns whether the response is complete. */
  private read(length: number): boolean {
    let at = 0;
    if (this.length < 0) {
      at = this.buffer.indexOf(endOfHead) + endOfHead.length;
      const [, digits] = /content-length: (\d+)/i.exec(this.buffer.toString('latin1', 0, at)) ?? [];
      this.length = Number(digits);
      this.size = 0;
    }
    this.size += this.buffer.copy(this.body, this.size, at, length);
    if (this.size < this.length) return false;
    this.length = -1;
    if (this.looks !== undefined) {
      this.awaitsPoll = true;
      this.looks.add(this);
    }
    const { body, isText, size } = this;
    this.resolve(isText ? body.toString('utf8', 0, size).length : Buffer.from(body).length);
    return true;
  }
}

/** Tells sockets that they were polled: all of a turn of the event loop at once. */
class Looks {
  private waiting: Connection[] = [];
  private armed = false;

  add(connection: Connection): void {
    this.waiting.push(connection);
    if (this.armed) return;
    this.armed = true;
    // The end of this turn, and that of the next one, before which the sockets are polled.
    setImmediate(this.endTurn);
  }

  private readonly endTurn = (): void => {
    const polled = this.waiting;
    this.waiting = [];
    this.armed = false;
    setImmediate(() => {
      for (const connection of polled) connection.polled();
    });
  };
}

export function prepareFloor(target: Target): Send {
  return prepare(target, undefined);
}

export function prepareFloorLook(target: Target): Send {
  return prepare(target, new Looks());
}

function prepare(target: Target, looks: Looks | undefined): Send {
  const { method, path, origin, connections } = target;
  const { host } = new URL(origin);
  const body = method === 'POST' ? postBody : '';
  const length = method === 'POST' ? `content-length: ${body.length}\r\n` : '';
  const request = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${length}\r\n${body}`;
  const waiting: ((connection: Connection) => void)[] = [];
  const idle: Connection[] = [];
  const onFree = (connection: Connection): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(connection);
    else next(connection);
  };
  for (let i = 0; i < connections; i++) idle.push(new Connection(target, onFree, looks));
  return async () => {
    const connection =
      idle.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
    check(target, 200, await connection.send(request));
  };
}
