/** got over agents. */
import got, { type OptionsInit, type Response } from 'got';
import { check, keepAliveAgents, postBody, type Send, type Target } from './client.ts';

export function prepareGot(target: Target): Send {
  return viaGot(target, { agent: keepAliveAgents(target) });
}

/** With HTTP/2, over the session that it keeps itself. */
export function prepareGotH2(target: Target): Send {
  const { ca } = target;
  return viaGot(target, { http2: true, ...(ca && { https: { certificateAuthority: ca } }) });
}

export function viaGot(target: Target, how: OptionsInit): Send {
  const client = got.extend({ ...how, retry: { limit: 0 } });
  const url = target.origin + target.path;
  const { method } = target;
  const options = { method, ...(method === 'POST' ? { body: postBody } : undefined) };
  return async () => {
    const response = (await client(url, options)) as Response<string>;
    const { length } = target.body === 'text' ? response.body : response.rawBody;
    check(target, response.statusCode, length);
  };
}
