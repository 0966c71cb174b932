/** A program with an observer in it, for one test. */
import { Supervisor, type ChildSpec, type SupervisorHandle } from '@linnet/otp';
import { leakCheck } from '@linnet/otp/testing';
import { onTestFinished } from 'vitest';
import { Observer, type ObserverOptions } from '../../src/index.ts';
import type { Documents, PageName, Session } from '../../src/protocol/documents.ts';

export interface Program {
  readonly supervisor: SupervisorHandle;
  readonly observer: Observer;
  /** Of the observer's server, with a slash at its end. */
  readonly url: string;
  /** The document of a page. */
  page<P extends PageName>(page: P, query?: Record<string, string>): Promise<Documents[P]>;
  /** Asks for an action, as the page does. */
  act(action: string, input: object): Promise<{ readonly status: number; readonly text: string }>;
}

let count = 0;

/** A name that no other test of the file uses. */
export const uniqueName = (what = 'Observer'): string => `${what}${++count}`;

/** Starts one that ends with the test. */
export async function startProgram(
  options: ObserverOptions = {},
  children: readonly ChildSpec[] = [],
): Promise<Program> {
  leakCheck(onTestFinished);
  const program = await startSharedProgram(options, children);
  onTestFinished(async () => {
    await program.supervisor[Symbol.asyncDispose]();
  });
  return program;
}

/** Starts one for several tests, which end it by its supervisor. */
export async function startSharedProgram(
  options: ObserverOptions = {},
  children: readonly ChildSpec[] = [],
): Promise<Program> {
  const name = options.name ?? uniqueName();
  const supervisor = await Supervisor.startLink(
    [Observer.childSpec({ port: 0, ...options, name }), ...children],
    { strategy: 'one_for_one', name: `${name}.App` },
  );
  const observer = Observer.get(name);
  const url = (await observer.url()) ?? '';
  return {
    supervisor,
    observer,
    url,
    page: async (page, query = {}) => {
      const response = await fetch(`${url}api/${page}?${new URLSearchParams(query).toString()}`);
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as never;
    },
    act: async (action, input) => {
      const session = (await (await fetch(`${url}api/session`)).json()) as Session;
      const response = await fetch(`${url}api/actions/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-observer-token': session.token ?? '' },
        body: JSON.stringify(input),
      });
      return { status: response.status, text: await response.text() };
    },
  };
}
