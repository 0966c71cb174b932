/** axios over a keep-alive agent. */
import { create } from 'axios';
import { check, keepAliveAgents, postBody, type Send, type Target } from './client.ts';

export function prepareAxios(target: Target): Send {
  const agents = keepAliveAgents(target);
  const client = create({
    baseURL: target.origin,
    httpAgent: agents.http,
    httpsAgent: agents.https,
    proxy: false,
    responseType: target.body === 'text' ? 'text' : 'arraybuffer',
    ...(target.socketPath === undefined ? undefined : { socketPath: target.socketPath }),
  });
  const { method, path } = target;
  return async () => {
    const { status, data } = await client.request<string | Buffer>({
      url: path,
      method,
      ...(method === 'POST' ? { data: postBody } : undefined),
    });
    check(target, status, data.length);
  };
}
