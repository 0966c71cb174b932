/** One process: what it is, what it is linked to, what its behaviour shows. */
import { processInfo, type Pid, type ProcessInfo } from '@linnet/otp';
import type { ProcessDocument, ProcessLink, TraceLine } from '../protocol/documents.ts';
import type { Entry, LiveTree } from './live-tree.ts';
import { rowOf } from './process-table.ts';
import { cut, given, showValue } from './show.ts';

/** Links that are shown of one process. */
const mostLinks = 200;

export interface ProcessPageOptions {
  readonly reveal: boolean;
  readonly trace: readonly TraceLine[] | undefined;
}

type ProcessPage = Omit<ProcessDocument, 'system'>;

export function processPage(
  tree: LiveTree,
  asked: string,
  pid: Pid | undefined,
  { reveal, trace }: ProcessPageOptions,
): ProcessPage {
  const info = pid === undefined ? undefined : processInfo(pid);
  const entry = tree.byKey.get(String(pid));
  if (info === undefined || entry === undefined) return { pid: asked };
  const { parent, links, trapExit } = info;
  return {
    pid: entry.key,
    process: {
      ...rowOf(entry, pid, tree.takenAt),
      trapExit,
      ...given('parent', parent === undefined ? undefined : linkTo(parent)),
      ...given('supervisor', supervisorOf(entry)),
      linked: links.slice(0, mostLinks).map(linkTo),
      details: reveal ? showValue(info.details) : kindsOf(info),
    },
    ...given('trace', trace),
  };
}

function supervisorOf({ parent }: Entry): ProcessLink | undefined {
  const { pid, name, label, supervisor } = parent?.node ?? {};
  if (pid === undefined || supervisor === undefined) return undefined;
  return { pid, title: cut(name ?? label ?? pid, 200) };
}

function linkTo(pid: Pid): ProcessLink {
  const info = processInfo(pid);
  const title = info === undefined ? 'dead' : String(info.name ?? info.label);
  return { pid: pid.toString(), title: cut(title, 200) };
}

/** The names of what is hidden. What supervisors show is in the tree. */
function kindsOf({ details }: ProcessInfo): string {
  const names = 'children' in details ? [] : Object.keys(details);
  return names.length === 0 ? '' : `hidden: ${cut(names.join(', '), 300)}`;
}
