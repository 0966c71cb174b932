/** axios over agents. */
import { create } from 'axios';
import { check, keepAliveAgents, postBody, type Agents, type Send, type Target } from './client.ts';

export function prepareAxios(target: Target): Send {
  return axiosOver(target, keepAliveAgents(target));
}

/** Over these agents. */
export function axiosOver(target: Target, agents: Agents): Send {
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
