/** What a package exports, with signatures and doc comments, as the compiler sees it. */
import type {
  ClassDeclaration,
  InterfaceDeclaration,
  Node,
  TypeQueryNode,
} from 'typescript/unstable/ast';
import {
  isClassDeclaration,
  isFunctionDeclaration,
  isFunctionTypeNode,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isPropertyAssignment,
  isQualifiedName,
  isShorthandPropertyAssignment,
  isTypeAliasDeclaration,
  isTypeLiteralNode,
  isTypeQueryNode,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is';
import {
  SignatureKind,
  SymbolFlags,
  type Project,
  type Symbol,
  type Type,
} from 'typescript/unstable/sync';
import { docOf, joinDocs, noDoc, type Doc } from './doc-comment.ts';

/** Something that is exported, or a member of it. */
export interface Item {
  /** As it is written by a user: `Finch`, `Finch.startLink`, `finch.get`. */
  readonly name: string;
  readonly kind: 'class' | 'error' | 'function' | 'namespace' | 'constant' | 'type' | 'property';
  /** Its declarations without their bodies: several when it is overloaded. */
  readonly signatures: readonly string[];
  readonly doc: Doc;
  readonly members: readonly Item[];
  /** The file with its declaration. */
  readonly file: string;
  /** Whether a schema of options has it. */
  readonly isOption?: boolean;
}

/** Reads what the sources of packages export; `folder` is the one that all of them lie in. */
export class ExportReader {
  readonly #project: Project;
  readonly #folder: string;

  constructor(project: Project, folder: string) {
    this.#project = project;
    this.#folder = folder;
  }

  /** The exports of a file, by name. */
  exportsOf(file: string): Item[] {
    const { program, checker } = this.#project;
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module of the project`);
    return checker
      .getExportsOfModule(module)
      .map((symbol) => this.#exported(symbol))
      .filter(({ doc }) => !doc.internal)
      .toSorted((a, b) => byName(a.name, b.name));
  }

  #exported(symbol: Symbol): Item {
    const { checker } = this.#project;
    const { name } = symbol;
    const target = this.#original(symbol);
    const nodes = declarationsOf(target);
    const [first] = nodes;
    if (first === undefined) throw new Error(`${name} has no declaration`);
    const doc = nodes.map((node) => docOf(statementOf(node))).reduce(joinDocs, noDoc);
    const base = { name, doc, file: fileOf(first) };
    const variable = nodes.find(isVariableDeclaration);
    const type = variable === undefined ? undefined : checker.getTypeOfSymbol(target);
    const types = nodes.filter(isTypeAliasDeclaration).map(textOf);

    if (type !== undefined && checker.getSignaturesOfType(type, SignatureKind.Call).length === 0) {
      const members = this.#membersOf(name, type);
      if (members.length > 0) return { ...base, kind: 'namespace', signatures: types, members };
      const signatures = [`const ${name}: ${checker.typeToString(type)}`, ...types];
      return { ...base, kind: 'constant', signatures, members: [] };
    }
    if (nodes.some((node) => isFunctionDeclaration(node) || isVariableDeclaration(node))) {
      const signatures = [...this.#signatures(name, nodes), ...types];
      return { ...base, kind: 'function', signatures, members: [] };
    }
    if (isClassDeclaration(first)) {
      const statics = checker.getTypeOfSymbol(target);
      const isError = name.endsWith('Error');
      // What all errors have in common stands at the base.
      const only = isError ? first : undefined;
      const members = [
        ...(statics === undefined ? [] : this.#membersOf(name, statics, only)),
        ...this.#membersOf(instanceName(name), checker.getDeclaredTypeOfSymbol(target), only),
      ];
      const kind = isError ? 'error' : 'class';
      return { ...base, kind, signatures: [headOf(first)], members };
    }
    if (isInterfaceDeclaration(first)) {
      const type = checker.getDeclaredTypeOfSymbol(target);
      // What a schema makes stands on the page of its options.
      const members = this.#membersOf('', type).filter(({ isOption }) => isOption !== true);
      return { ...base, kind: 'type', signatures: [headOf(first)], members };
    }
    return { ...base, kind: 'type', signatures: nodes.map(textOf), members: [] };
  }

  /**
   * The public members of a type that are declared in the packages, those of bases last; or those of
   * one class alone.
   */
  #membersOf(owner: string, type: Type, only?: Node): Item[] {
    const members = this.#project.checker.getPropertiesOfType(type).flatMap((symbol) => {
      const nodes = declarationsOf(symbol).filter(
        (node) =>
          fileOf(node).startsWith(this.#folder) &&
          (only === undefined || node.parent === only) &&
          !isPrivate(node),
      );
      const [node] = nodes;
      if (node === undefined || isForNode(node)) return [];
      return [{ node, item: this.#member(owner, symbol, nodes) }];
    });
    const files = [...new Set(members.map(({ node }) => fileOf(node)))];
    return members
      .toSorted(
        (a, b) =>
          files.indexOf(fileOf(a.node)) - files.indexOf(fileOf(b.node)) || a.node.pos - b.node.pos,
      )
      .map(({ item }) => item)
      .filter(({ doc }) => !doc.internal);
  }

  #member(owner: string, symbol: Symbol, nodes: readonly Node[]): Item {
    const [node] = nodes;
    if (node === undefined) throw new Error(`${symbol.name} has no declaration`);
    const own = nodes.map(docOf).reduce(joinDocs, noDoc);
    const label = nameOf(node) ?? symbol.name;
    const name = owner === '' || label.startsWith('[') ? label : `${owner}.${label}`;
    const isOption = isPropertyAssignment(node) || isShorthandPropertyAssignment(node);
    const base = { name, file: fileOf(node), members: [], isOption };
    if (isMethodDeclaration(node) || isMethodSignatureDeclaration(node)) {
      return { ...base, kind: 'function', doc: own, signatures: this.#signatures(name, nodes) };
    }
    const type = 'type' in node ? (node.type as Node | undefined) : undefined;
    if (type !== undefined && isTypeQueryNode(type)) {
      const twin = this.#twin(name, symbol, type);
      if (twin !== undefined) return { ...twin, doc: joinDocs(own, twin.doc) };
    }
    // A function of a module, such as `Machine.reply`; of a class it would be a callback.
    if (type !== undefined && isFunctionTypeNode(type) && isTypeLiteralNode(node.parent)) {
      const result = type.type?.getText() ?? 'void';
      const head = type
        .getText()
        .slice(0, -result.length)
        .replace(/\s*=>\s*$/, '');
      return { ...base, kind: 'function', doc: own, signatures: [`${name}${head}: ${result}`] };
    }
    return { ...base, kind: 'property', doc: own, signatures: [this.#property(symbol, node)] };
  }

  /** What an import or a re-export stands for; any other symbol itself. */
  #original(symbol: Symbol): Symbol {
    const isAlias = (symbol.flags & SymbolFlags.Alias) !== 0;
    return isAlias ? this.#project.checker.getAliasedSymbol(symbol) : symbol;
  }

  /** What `readonly start: typeof start` stands for: it is described at the function. */
  #twin(name: string, symbol: Symbol, { exprName }: TypeQueryNode): Item | undefined {
    const { checker } = this.#project;
    const found = checker.getSymbolAtLocation(
      isQualifiedName(exprName) ? exprName.right : exprName,
    );
    if (found === undefined) return undefined;
    const nodes = declarationsOf(this.#original(found));
    const type = checker.getTypeOfSymbol(symbol);
    const [node] = nodes;
    if (type === undefined || node === undefined) return undefined;
    const calls = checker.getSignaturesOfType(type, SignatureKind.Call);
    // `const stop = stopServer`: what it is stands at the function.
    const functions = calls
      .flatMap(({ declaration }) => declaration?.resolve(this.#project) ?? [])
      .filter(isFunctionDeclaration);
    const docs = [...new Set([...nodes.map(statementOf), ...functions])].map(docOf);
    const base = { name, doc: docs.reduce(joinDocs, noDoc), members: [] };
    if (functions.length > 0) {
      const signatures = this.#signatures(name, functions);
      return { ...base, file: fileOf(functions[0] ?? node), kind: 'function', signatures };
    }
    const file = fileOf(node);
    if (calls.length > 0) {
      const signatures = [`${name}: ${checker.typeToString(type)}`];
      return { ...base, file, kind: 'function', signatures };
    }
    const members = this.#membersOf(name, type);
    if (members.length === 0) return undefined;
    return { ...base, file, kind: 'namespace', signatures: [], members };
  }

  /** Functions and methods as calls: `Finch.get(name: string): Finch`. */
  #signatures(name: string, nodes: readonly Node[]): string[] {
    const { checker } = this.#project;
    const callable = nodes.filter((node) => !isTypeAliasDeclaration(node));
    // Of overloads, the one with a body is no signature.
    const visible =
      callable.length > 1 ? callable.filter((node) => !('body' in node && node.body)) : callable;
    return visible.map((node) => {
      const text = textOf(node);
      if (isVariableDeclaration(node)) {
        const type = checker.getTypeAtLocation(node);
        return `const ${name}: ${type === undefined ? 'unknown' : checker.typeToString(type)}`;
      }
      const head = text.slice(text.search(/[<(]/)).replace(/;$/, '');
      if ('type' in node && node.type !== undefined) return name + head;
      const signature = checker.getSignatureFromDeclaration(node);
      const result = signature && checker.getReturnTypeOfSignature(signature);
      return `${name}${head}: ${result === undefined ? 'unknown' : checker.typeToString(result)}`;
    });
  }

  #property(symbol: Symbol, node: Node): string {
    const { checker } = this.#project;
    const text = textOf(node)
      .replace(/;$/, '')
      .replace(/^(?:override |declare )+/, '')
      .replace(/^static override /, 'static ');
    const isTyped = 'type' in node && node.type !== undefined;
    if (isTyped) return text.replace(/ = [\s\S]*$/, '');
    const type = checker.getTypeOfSymbol(symbol);
    const [head = ''] = / = /.test(text) ? text.split(' = ') : [text];
    return `${head}: ${type === undefined ? 'unknown' : checker.typeToString(type)}`;
  }
}

/** `finch` of `Finch`: an instance, in headings. */
const instanceName = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** By code units, so that the order does not depend on the language of the system. */
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const fileOf = (node: Node): string => node.getSourceFile().fileName;

const declarationsOf = (symbol: Symbol): Node[] =>
  symbol.declarations.flatMap((declaration) => declaration.resolve() ?? []);

/** The statement around a variable, which has the comment. */
const statementOf = (node: Node): Node => (isVariableDeclaration(node) ? node.parent.parent : node);

/** A declaration without comments, body and `export`. */
function textOf(node: Node): string {
  const body = 'body' in node && node.body !== undefined ? (node.body as Node) : undefined;
  const start = node.getStart();
  const text = node.getSourceFile().text.slice(start, body?.getStart() ?? node.getEnd());
  return dedent(text.trim().replace(/^export (?:declare )?/, ''), node);
}

/** `class Finch extends Base`: up to the members. */
function headOf(node: ClassDeclaration | InterfaceDeclaration): string {
  const { text } = node.getSourceFile();
  const head = text.slice(node.getStart(), node.members.pos - 1).trim();
  return dedent(head.replace(/^export (?:declare )?(?:abstract )?/, ''), node);
}

function dedent(text: string, node: Node): string {
  const { text: source } = node.getSourceFile();
  const column = node.getStart() - (source.lastIndexOf('\n', node.getStart() - 1) + 1);
  return text.replaceAll(`\n${' '.repeat(column)}`, '\n');
}

function nameOf(node: Node): string | undefined {
  return 'name' in node && node.name !== undefined ? (node.name as Node).getText() : undefined;
}

const isPrivate = (node: Node): boolean =>
  /^(?:[a-z]+ )*(?:private |protected |#)/.test(textOf(node));

/** What is called by the language or by Node alone, but for what `using` calls. */
const isForNode = (node: Node): boolean =>
  /^\[(?!Symbol\.(?:async)?dispose)/i.test(nameOf(node) ?? '');
