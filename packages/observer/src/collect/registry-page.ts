/** Registered names, and registries with their entries. */
import { processInfo, Registry, registered, whereis, type Name, type Pid } from '@linnet/otp';
import type { RegistryDocument, RegistryFigures } from '../protocol/documents.ts';
import { cut, showValue } from './show.ts';
import { Turns } from './turns.ts';

/** Names, and entries of a registry, that are shown. */
const mostNames = 500;
const mostEntries = 500;

type RegistryPage = Omit<RegistryDocument, 'system'>;

export async function registryPage(selected: string): Promise<RegistryPage> {
  const turns = new Turns();
  const all = registered();
  const names: Array<readonly [string, string]> = [];
  const registries = new Map<string, RegistryFigures>();
  let entries: RegistryDocument['entries'] = [];
  for (const name of all) {
    if (turns.over) await turns.next();
    const pid = whereis(name);
    if (pid === undefined) continue;
    if (names.length < mostNames) names.push([cut(String(name), 200), pid.toString()]);
    const figures = isSupervisor(pid) ? figuresOf(name) : undefined;
    if (figures === undefined) continue;
    registries.set(String(name), figures);
    if (String(name) === selected) entries = entriesOf(name);
  }
  return { names, nameCount: all.length, registries: Object.fromEntries(registries), entries };
}

/** A registry has the name of its supervisor; to ask other processes for one would cost an error each. */
function isSupervisor(pid: Pid): boolean {
  return processInfo(pid)?.label === 'supervisor';
}

function figuresOf(name: Name): RegistryFigures | undefined {
  try {
    const { keys, entries, owners } = Registry.at(name).details();
    return { keys, entries, owners };
  } catch {
    return undefined; // it is no registry, or has just ended
  }
}

function entriesOf(name: Name): RegistryDocument['entries'] {
  try {
    const found = Registry.at(name).select(() => true);
    return found
      .slice(0, mostEntries)
      .map(({ key, pid }) => [
        cut(typeof key === 'string' ? key : showValue(key), 300),
        pid.toString(),
      ]);
  } catch {
    return [];
  }
}
