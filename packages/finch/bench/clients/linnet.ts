/** Linnet: a request built once and sent again and again, or a URL each time. */
import { Finch, subscribeTelemetry, type Response } from '@linnet/finch';
import { check, postBody, type Send, type Target } from './client.ts';

/** An instance with the pool of a load. */
export async function start({ connections, ca }: Target): Promise<Finch> {
  return Finch.startLink({
    name: 'bench',
    pools: {
      default: {
        size: connections,
        ...(ca === undefined ? undefined : { connOpts: { tls: { ca } } }),
      },
    },
  });
}

function read(target: Target, response: Response): void {
  const { length } = target.body === 'text' ? response.text() : response.body;
  check(target, response.status, length);
}

export async function prepareBuilt(target: Target): Promise<Send> {
  const finch = await start(target);
  const { method, origin, path, socketPath } = target;
  const request = Finch.build(
    method,
    origin + path,
    undefined,
    method === 'POST' ? postBody : undefined,
    socketPath === undefined ? undefined : { unixSocket: socketPath },
  );
  return async () => read(target, await finch.request(request));
}

/** As metrics do: somebody takes the figures of each event that a request has. */
export async function prepareTelemetry(target: Target): Promise<Send> {
  const figures = { begun: 0, reused: 0, time: 0 };
  const starts = ['request.start', 'queue.start', 'send.start', 'recv.start'] as const;
  const stops = ['request.stop', 'queue.stop', 'send.stop', 'recv.stop'] as const;
  for (const name of starts) subscribeTelemetry(name, () => void figures.begun++);
  for (const name of stops) subscribeTelemetry(name, ({ duration }) => (figures.time += duration));
  subscribeTelemetry('connection.reused', () => void figures.reused++);
  return prepareBuilt(target);
}

export async function prepareUrl(target: Target): Promise<Send> {
  const finch = await start(target);
  const url = target.origin + target.path;
  return async () => read(target, await finch.request(url));
}
