/** A tree of Req under a supervisor, for one test, and clients of it. */
import { introspect, Supervisor, type ProcessNode, type SupervisorHandle } from '@linnet/otp';
import { onTestFinished } from 'vitest';
import { Req, type ReqOptions } from '../../src/index.ts';
import { noLeaks } from '../../../finch/test/support/no-leaks.ts';
import { uniqueName } from '../../../finch/test/support/unique-name.ts';

export interface Tree {
  readonly name: string;
  readonly supervisor: SupervisorHandle;
  readonly req: Req;
}

export async function startTree(options: ReqOptions = {}): Promise<Tree> {
  noLeaks();
  const name = uniqueName();
  const supervisor = await Supervisor.startLink([Req.childSpec({ name })], {
    strategy: 'one_for_one',
  });
  onTestFinished(() => supervisor[Symbol.asyncDispose]());
  return { name, supervisor, req: Req.new({ supervisor: name, retry: false, ...options }) };
}

/** All processes, as a dashboard sees them. */
export function processes(): ProcessNode[] {
  const all: ProcessNode[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('pid' in node) all.push(node as ProcessNode);
    for (const value of Object.values(node)) if (Array.isArray(value)) value.forEach(visit);
  };
  visit({ roots: Object.values(introspect()).flat() });
  return all;
}
