/**
 * What no client can do without: sockets that are kept and the smallest parser that works with
 * this server. No checks, no limits, no time-outs, no pool; a request waits for a free socket.
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
  private resolve: (length: number) => void = () => {};
  private length = -1;
  private size = 0;

  constructor(target: Target, onFree: (connection: Connection) => void) {
    const { origin, socketPath, ca } = target;
    const { hostname, port, protocol } = new URL(origin);
    this.body = Buffer.allocUnsafeSlow(target.bytes);
    this.isText = target.body === 'text';
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
      this.socket.write(request, 'latin1');
    });
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
    const { body, isText, size } = this;
    this.resolve(isText ? body.toString('utf8', 0, size).length : Buffer.from(body).length);
    return true;
  }
}

export function prepareFloor(target: Target): Send {
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
  for (let i = 0; i < connections; i++) idle.push(new Connection(target, onFree));
  return async () => {
    const connection =
      idle.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
    check(target, 200, await connection.send(request));
  };
}
