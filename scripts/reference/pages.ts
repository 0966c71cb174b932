import { apiPages } from './api.ts';
import { optionsPage, optionsPath } from './options.ts';
import { reqOptionsPage, reqOptionsPath } from './req-options.ts';

/** The generated pages of docs/reference, by their paths in the repository. */
export const referencePages = (root: string): ReadonlyMap<string, string> =>
  new Map([...apiPages(root), [optionsPath, optionsPage()], [reqOptionsPath, reqOptionsPage()]]);
