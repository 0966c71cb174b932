/** What of an instance sends requests: for code that is handed one, or a stand-in for it. */
import type { Finch } from './finch.ts';

/**
 * The requests of an instance, without its pools, leases and messages. Take this type where you are handed
 * a client, and tests can hand in `stubFinch` of `@linnet/finch/testing` instead of an instance.
 *
 * @example
 * async function userName(client: FinchClient, id: number): Promise<string> {
 *   const response = await client.get(`https://api.example.com/users/${id}`);
 *   return response.json<{ name: string }>().name;
 * }
 * await userName(finch, 1);
 */
export type FinchClient = Pick<
  Finch,
  | 'request'
  | 'get'
  | 'head'
  | 'delete'
  | 'options'
  | 'post'
  | 'put'
  | 'patch'
  | 'stream'
  | 'streamWhile'
  | 'open'
>;
