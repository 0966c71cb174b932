/** got over a keep-alive agent. */
import got from 'got';
import { check, keepAliveAgents, postBody, type Send, type Target } from './client.ts';

export function prepareGot(target: Target): Send {
  const client = got.extend({ agent: keepAliveAgents(target), retry: { limit: 0 } });
  const url = target.origin + target.path;
  const { method } = target;
  const options = { method, ...(method === 'POST' ? { body: postBody } : undefined) };
  return async () => {
    const response = await client(url, options);
    const { length } = target.body === 'text' ? response.body : response.rawBody;
    check(target, response.statusCode, length);
  };
}
