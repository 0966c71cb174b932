/**
 * Reads a TypeScript source by its lines: what it imports, exports and declares, with the doc
 * comments. It relies on the formatter: a declaration starts in the first column, its members two
 * columns further, and it ends with a line that starts with a closing bracket.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Something with a name, and the comment above it. */
export interface Declared {
  readonly name: string;
  /** The number of its line, from 1. */
  readonly line: number;
  /** The text of its doc comment without the stars; undefined when there is none. */
  readonly doc: string | undefined;
}

export interface Member extends Declared {
  /** A method, or a property with the type of a function. */
  readonly callable: boolean;
  readonly accessor: boolean;
  /** `x` or `X.y` of a property that is declared as `typeof x` or `typeof X.y`. */
  readonly sameAs: string | undefined;
}

export interface Declaration extends Declared {
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'const' | 'object';
  readonly exported: boolean;
  /** The public members of classes, interfaces and constants with an object type. */
  readonly members: readonly Member[];
  /** The names after `extends`. */
  readonly bases: readonly string[];
}

/** A name from another module. */
export interface Binding {
  readonly name: string;
  readonly type: boolean;
  /** A file, or the name of a package. */
  readonly from: string;
}

export interface Source {
  readonly file: string;
  readonly lines: readonly string[];
  readonly imports: ReadonlyMap<string, Binding>;
  readonly reexports: ReadonlyMap<string, Binding>;
  readonly declarations: ReadonlyMap<string, Declaration>;
}

const declaration =
  /^(export )?(?:declare )?(?:abstract )?(?:async )?(function\*?|class|interface|type|const|let) ([\w$]+)/;
const modifiers = /^(?:(?:public|static|override|async|abstract|readonly|get|set) )*/;
const member = /^([\w$]+|\[[\w.]+\])\??(?:([(<])|(?:: (.*))|( =)|;)/;

const read = new Map<string, Source>();

/** The source in a file; it is read once. */
export function sourceOf(file: string): Source {
  const known = read.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  const docs = docsAbove(lines);
  const source: Source = {
    file,
    lines,
    imports: bindings(text, 'import', file),
    reexports: bindings(text, 'export', file),
    declarations: declarationsOf(lines, docs),
  };
  read.set(file, source);
  return source;
}

function bindings(text: string, keyword: string, file: string): Map<string, Binding> {
  const found = new Map<string, Binding>();
  const statement = new RegExp(`^${keyword}( type)? \\{([^}]*)\\} from '([^']+)'`, 'gm');
  for (const [, allTypes, names = '', specifier = ''] of text.matchAll(statement)) {
    const from = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier;
    for (const item of names.split(',')) {
      const [, type, name, alias] = /^(type )?([\w$]+)(?: as ([\w$]+))?$/.exec(item.trim()) ?? [];
      if (name === undefined) continue;
      const isType = allTypes !== undefined || type !== undefined;
      found.set(alias ?? name, { name, type: isType, from });
    }
  }
  return found;
}

/** The doc comments by the index of the line that follows. */
function docsAbove(lines: readonly string[]): Map<number, string> {
  const docs = new Map<number, string>();
  for (let index = 0; index < lines.length; index++) {
    if (!/^\s*\/\*\*/.test(lines[index] ?? '')) continue;
    const start = index;
    while (!(lines[index] ?? '*/').includes('*/')) index++;
    docs.set(index + 1, textOf(lines.slice(start, index + 1)));
  }
  return docs;
}

/** A comment without its frame; as many lines as it had. */
function textOf(comment: readonly string[]): string {
  return comment
    .map((line) =>
      line
        .replace(/^\s*\/\*\*/, '')
        .replace(/\s*\*\/\s*$/, '')
        .replace(/^\s*\* ?/, ''),
    )
    .join('\n');
}

function declarationsOf(lines: readonly string[], docs: ReadonlyMap<number, string>) {
  const found = new Map<string, Declaration>();
  for (const [index, line] of lines.entries()) {
    const [, exported, keyword = '', name = ''] = declaration.exec(line) ?? [];
    if (name === '') continue;
    const doc = docs.get(index);
    const former = found.get(name);
    // Overloads, and a type beside a value of the same name: the first comment counts.
    if (former?.kind === 'function') continue;
    const object = keyword === 'const' && /^[^=]*: \{$/.test(line);
    const kind = object ? 'object' : (keyword.replace(/\*|let/, '') as Declaration['kind']);
    const hasBody = (object || kind === 'class' || kind === 'interface') && !line.endsWith('{}');
    const end = lines.findIndex((other, at) => at > index && other.startsWith('}'));
    found.set(name, {
      name,
      kind,
      line: index + 1,
      doc: doc ?? former?.doc,
      exported: exported !== undefined,
      members: hasBody ? membersOf(lines, docs, index + 1, end) : [],
      bases: hasBody ? basesOf(lines, index) : [],
    });
  }
  return found;
}

function membersOf(
  lines: readonly string[],
  docs: ReadonlyMap<number, string>,
  from: number,
  to: number,
): Member[] {
  const found = new Map<string, Member>();
  for (let index = from; index < to; index++) {
    const line = lines[index] ?? '';
    if (!/^ {2}[\w[]/.test(line)) continue;
    const [name, open, type = ''] =
      member.exec(line.slice(2).replace(modifiers, ''))?.slice(1) ?? [];
    if (name === undefined || name === 'constructor' || found.has(name)) continue;
    if (/^ {2}(private|protected|declare) /.test(line)) continue;
    const [, sameAs] = /^typeof ([\w$.]+)/.exec(type) ?? [];
    const callable = open !== undefined || sameAs !== undefined || /^(<.*>)?\(/.test(type);
    const accessor = /^ {2}(static |override )*[gs]et [\w$]+\(/.test(line);
    const doc = docs.get(index);
    found.set(name, { name, line: index + 1, doc, callable, accessor, sameAs });
  }
  return [...found.values()];
}

function basesOf(lines: readonly string[], index: number): string[] {
  const end = lines.findIndex((line, at) => at >= index && line.endsWith('{'));
  const head = lines.slice(index, end + 1).join(' ');
  // The last `extends` is the heritage; those before it belong to type parameters.
  const [, bases = ''] = /.* extends (.*?)(?: implements .*)? \{$/.exec(head) ?? [];
  return bases.split(/, (?![^<]*>)/).map((base) => base.replace(/<.*/, ''));
}

/** Where a name of a module is declared; undefined when that is outside the packages. */
export function resolve(
  file: string,
  name: string,
): { readonly file: string; readonly declaration: Declaration } | undefined {
  if (!existsSync(file)) return undefined;
  const source = sourceOf(file);
  const found = source.declarations.get(name);
  if (found !== undefined) return { file, declaration: found };
  const binding = source.reexports.get(name) ?? source.imports.get(name);
  return binding === undefined ? undefined : resolve(binding.from, binding.name);
}
