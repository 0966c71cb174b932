/** Finds what the packages export without a doc comment, or without the example that it needs. */
import { exceptions } from './exceptions.ts';
import { resolve, sourceOf, type Declaration, type Member } from './source.ts';

interface Place {
  readonly file: string;
  readonly line: number;
}

export interface Fault extends Place {
  readonly name: string;
  readonly missing: 'doc comment' | '@example';
}

/** What of the exports of an index file lacks documentation. */
export function undocumented(index: string): Fault[] {
  return [...sourceOf(index).reexports.keys()].flatMap((name) => {
    const found = resolve(index, name);
    return found === undefined ? [] : faultsOf(name, found.file, found.declaration);
  });
}

function faultsOf(name: string, file: string, declaration: Declaration): Fault[] {
  const { kind, doc, line } = declaration;
  const faults = check(name, { file, line }, doc, kind === 'function');
  const { members } = declaration;
  if (kind === 'object') {
    for (const member of members) faults.push(...memberFaults(name, file, member, true));
  } else if (kind === 'class') {
    for (const [at, member] of inherited(file, declaration)) {
      faults.push(...memberFaults(name, at, member, exceptions.entryClasses.has(name)));
    }
  } else if (kind === 'interface') {
    for (const member of members) faults.push(...memberFaults(name, file, member, false));
  }
  return faults;
}

/** The members of a class with those of its bases, as far as they are in the same package. */
function inherited(file: string, declaration: Declaration): Array<[string, Member]> {
  const own = declaration.members.map((member): [string, Member] => [file, member]);
  return own.concat(
    declaration.bases.flatMap((base) => {
      const found = base === '' ? undefined : resolve(file, base);
      return found === undefined ? [] : inherited(found.file, found.declaration);
    }),
  );
}

function memberFaults(owner: string, file: string, member: Member, example: boolean): Fault[] {
  const { line, sameAs, callable, accessor } = member;
  if (!callable || member.name.startsWith('[')) return [];
  const name = `${owner}.${member.name}`;
  const twin = sameAs === undefined ? undefined : memberOrFunction(file, sameAs);
  // A namespace in a namespace, such as Task.Supervisor.
  if (twin?.kind === 'object') return faultsOf(name, twin.file, twin);
  // What a property stands for is described there, or here, or in part at both places.
  const docs = [member.doc, twin?.doc].filter((doc) => doc !== undefined);
  return check(
    name,
    { file, line },
    docs.length === 0 ? undefined : docs.join('\n'),
    example && !accessor,
  );
}

/** What `typeof x` or `typeof X.y` in a file stands for. */
function memberOrFunction(
  file: string,
  path: string,
): (Pick<Declaration, 'doc' | 'kind'> & Declaration & { readonly file: string }) | undefined {
  const [first = '', second] = path.split('.');
  const found = resolve(file, first);
  if (found === undefined) return undefined;
  if (second === undefined) return { ...found.declaration, file: found.file };
  const member = found.declaration.members.find(({ name }) => name === second);
  if (member === undefined) return undefined;
  if (member.doc === undefined && member.sameAs !== undefined) {
    return memberOrFunction(found.file, member.sameAs);
  }
  const { doc, line, name } = member;
  const nothing = { exported: false, members: [], bases: [] };
  return { name, line, doc, kind: 'function', file: found.file, ...nothing };
}

function check(name: string, place: Place, doc: string | undefined, example: boolean): Fault[] {
  if (doc === undefined || doc.trim() === '') {
    return exceptions.undocumented.has(name) ? [] : [{ name, ...place, missing: 'doc comment' }];
  }
  if (doc.includes('@internal') || !example || /^@example$/m.test(doc)) return [];
  return exceptions.withoutExample.has(name) ? [] : [{ name, ...place, missing: '@example' }];
}
