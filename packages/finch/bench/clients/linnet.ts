/** Linnet: a request built once and sent again and again, or a URL each time. */
import { Finch, type Response } from '@linnet/finch';
import { check, postBody, type Send, type Target } from './client.ts';

async function start({ connections, ca }: Target): Promise<Finch> {
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

export async function prepareUrl(target: Target): Promise<Send> {
  const finch = await start(target);
  const url = target.origin + target.path;
  return async () => read(target, await finch.request(url));
}
