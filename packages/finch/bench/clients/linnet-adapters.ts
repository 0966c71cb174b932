/** Other clients over the pools of Linnet. */
import { axiosOver } from './axios.ts';
import type { Send, Target } from './client.ts';
import { fetchThrough } from './fetch.ts';
import { viaGot } from './got.ts';
import { start } from './linnet.ts';
import { nodeHttpOver } from './node-http.ts';

export async function prepareFetchLinnet(target: Target): Promise<Send> {
  return fetchThrough(target, (await start(target)).dispatcher());
}

export async function prepareNodeHttpLinnet(target: Target): Promise<Send> {
  return nodeHttpOver(target, (await start(target)).agent());
}

export async function prepareAxiosLinnet(target: Target): Promise<Send> {
  return axiosOver(target, (await start(target)).agent());
}

export async function prepareGotLinnet(target: Target): Promise<Send> {
  return viaGot(target, { agent: (await start(target)).agent() });
}
