/** The global fetch. By itself it takes no limit of connections, and no unix socket. */
import { check, postBody, type Send, type Target } from './client.ts';

export function prepareFetch(target: Target): Send {
  return fetchThrough(target);
}

/** With the dispatcher that is given: the types of fetch know that of undici 6 only. */
export function fetchThrough(target: Target, dispatcher?: object): Send {
  const url = target.origin + target.path;
  const options = {
    method: target.method,
    ...(target.method === 'POST' ? { body: postBody } : undefined),
    ...(dispatcher === undefined ? undefined : { dispatcher }),
  };
  return async () => {
    const response = await fetch(url, options as RequestInit);
    const length =
      target.body === 'text'
        ? (await response.text()).length
        : (await response.arrayBuffer()).byteLength;
    check(target, response.status, length);
  };
}
