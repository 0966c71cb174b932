/** The clients of the benchmark, each used as its documentation says, with kept connections. */
import { Agent } from 'node:http';

/** Sends one request; gives the text of the answer. */
export type Send = () => Promise<string>;

export const connections = 50;

const keepAlive = (): Agent =>
  new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });

const pools = { default: { size: connections } };

/** By name; each client is loaded in its own process only. */
export const clients = {
  'req.get': async (url: string): Promise<Send> => {
    const { Finch } = await import('@linnet/finch');
    const { Req } = await import('@linnet/req');
    const req = Req.new({ finch: await Finch.startLink({ name: 'Bench', pools }) });
    return async () => (await req.get(url, { decode: 'text' })).body;
  },
  'finch.get': async (url: string): Promise<Send> => {
    const { Finch } = await import('@linnet/finch');
    const finch = await Finch.startLink({ name: 'Bench', pools });
    return async () => (await finch.get(url)).text();
  },
  got: async (url: string): Promise<Send> => {
    const { default: got } = await import('got');
    const client = got.extend({ agent: { http: keepAlive() } });
    return () => client.get(url).text();
  },
  axios: async (url: string): Promise<Send> => {
    const { create } = await import('axios');
    const client = create({ httpAgent: keepAlive(), proxy: false, responseType: 'text' });
    return async () => (await client.get<string>(url)).data;
  },
  ky: async (url: string): Promise<Send> => {
    const { default: ky } = await import('ky');
    return () => ky.get(url).text();
  },
} as const;

export type ClientName = keyof typeof clients;
