/** The global fetch. It takes no limit of connections and no unix socket. */
import { check, postBody, type Send, type Target } from './client.ts';

export function prepareFetch(target: Target): Send {
  const url = target.origin + target.path;
  const options = {
    method: target.method,
    ...(target.method === 'POST' ? { body: postBody } : undefined),
  };
  return async () => {
    const response = await fetch(url, options);
    const length =
      target.body === 'text'
        ? (await response.text()).length
        : (await response.arrayBuffer()).byteLength;
    check(target, response.status, length);
  };
}
