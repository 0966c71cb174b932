/** @linnet/mint alone: open wires, a request each, no pool, no process, no limit on time. */
import { connect, type Fields, type Wire, type WireHandler } from '@linnet/mint';
import { check, postBody, type Send, type Target } from './client.ts';

class Collect implements WireHandler {
  private readonly body: Buffer;
  private readonly isText: boolean;
  private readonly resolve: (length: number) => void;
  private readonly reject: (error: Error) => void;
  private size = 0;

  constructor(
    { bytes, body }: Target,
    resolve: (length: number) => void,
    reject: (error: Error) => void,
  ) {
    this.body = Buffer.allocUnsafe(bytes);
    this.isText = body === 'text';
    this.resolve = resolve;
    this.reject = reject;
  }

  onInformational(): void {}

  onHeaders(_status: number, _fields: Fields): void {}

  onData(bytes: Buffer, from: number, to: number): boolean {
    this.size += bytes.copy(this.body, this.size, from, to);
    return true;
  }

  onEnd(): void {
    const { body, isText, size } = this;
    this.resolve(isText ? body.toString('utf8', 0, size).length : size);
  }

  onError(error: Error): void {
    this.reject(error);
  }
}

export async function prepareMint(target: Target): Promise<Send> {
  const { method, path, origin, connections, socketPath, ca } = target;
  const options = {
    ...(socketPath === undefined ? undefined : { unixSocket: socketPath }),
    ...(ca === undefined ? undefined : { tls: { ca } }),
  };
  const protocols = [target.transport === 'h2' ? ('http2' as const) : ('http1' as const)];
  const open = await Promise.all(
    Array.from({ length: connections }, () => connect(origin, { protocols, ...options })),
  );
  const idle: Wire[] = open.map(({ wire }) => wire);
  const waiting: ((wire: Wire) => void)[] = [];
  const body = method === 'POST' ? postBody : null;
  const request = { method, target: path, headers: Object.freeze(['accept', '*/*']), body };
  const isShared = target.transport === 'h2';
  return async () => {
    const wire =
      (isShared ? idle[0] : idle.pop()) ??
      (await new Promise<Wire>((resolve) => waiting.push(resolve)));
    const length = await new Promise<number>((resolve, reject) => {
      wire.send(request, new Collect(target, resolve, reject));
    });
    if (!isShared) {
      const next = waiting.shift();
      if (next === undefined) idle.push(wire);
      else next(wire);
    }
    check(target, 200, length);
  };
}
