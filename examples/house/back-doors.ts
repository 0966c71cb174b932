/**
 * Finds in a source what reaches behind the public interface of somebody else: of another package,
 * or of Node.
 */
import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { Server, Socket } from 'node:net';
import { dirname, join, relative, sep } from 'node:path';
import { Duplex, Writable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { importedBy, parse, walk, type Node } from './syntax.ts';

/** A place that should not be. */
export interface BackDoor {
  readonly line: number;
  readonly problem: string;
}

/** Methods of Node's objects: whoever assigns to one of them changes an object that is not his. */
const nodeMethods: ReadonlySet<string> = new Set(
  [
    EventEmitter,
    Duplex,
    Writable,
    Socket,
    TLSSocket,
    Server,
    Agent,
    ClientRequest,
    IncomingMessage,
  ].flatMap((each) =>
    Object.entries(Object.getOwnPropertyDescriptors(each.prototype))
      .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor')
      .map(([name]) => name),
  ),
);

/** What gives access to that which is hidden, by its path. */
const forbidden: ReadonlyMap<string, string> = new Map([
  ['Object.getOwnPropertySymbols', 'looks for private symbols'],
  ['Reflect.ownKeys', 'looks for private symbols'],
  ['process.binding', 'uses the inner parts of Node'],
  ['Object.setPrototypeOf', 'changes what an object is'],
  ['Reflect.setPrototypeOf', 'changes what an object is'],
]);

/**
 * Looks through a source.
 *
 * @param root The folder of the repository.
 * @param file The file, in `packages/<name>/src`: that much it may import by relative paths.
 */
export function backDoorsIn(root: string, file: string, text: string): BackDoor[] {
  const found: BackDoor[] = [];
  const report = ({ start }: Node, problem: string): void => {
    found.push({ line: text.slice(0, start).split('\n').length, problem });
  };
  const documented = new Set<Node>();
  walk(parse(text), (node) => {
    for (const method of streamMethodsOf(node)) documented.add(method);
    if (documented.has(node)) return;
    const problem = importProblem(root, file, node) ?? memberProblem(node) ?? changeProblem(node);
    if (problem !== undefined) report(node, problem);
  });
  return found;
}

// Imports -----------------------------------------------------------------------

function importProblem(root: string, file: string, node: Node): string | undefined {
  const specifier = importedBy(node);
  if (specifier === undefined || specifier.startsWith('node:')) return undefined;
  if (specifier.startsWith('.')) {
    const own = relative(root, file).split(sep).slice(0, 3).join(sep);
    const target = relative(root, join(dirname(file), specifier));
    return target.startsWith(own + sep) ? undefined : `imports ${specifier}, a file of others`;
  }
  const [, name = '', subpath] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.*))?$/.exec(specifier) ?? [];
  if (subpath === undefined || exportsOf(root, name).has(`./${subpath}`)) return undefined;
  return `imports ${specifier}, which ${name} does not export`;
}

/** The paths that a package names in its `exports`. */
function exportsOf(root: string, name: string): ReadonlySet<string> {
  const manifest = join(root, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) return new Set();
  const { exports = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: object };
  return new Set(Object.keys(exports));
}

// Members -----------------------------------------------------------------------

const streamClasses: ReadonlySet<string> = new Set(['Duplex', 'Readable', 'Transform', 'Writable']);

const streamMethod = /^_(construct|destroy|final|flush|read|transform|writev?)$/;

/** The methods by which a class implements a stream, as Node documents it. */
function streamMethodsOf({ superClass, body }: Node): readonly Node[] {
  if (!streamClasses.has(superClass?.name ?? '') || body === undefined || !('body' in body)) {
    return [];
  }
  const members = [body.body ?? []].flat();
  return members.filter(
    (member) => member.type === 'MethodDefinition' && streamMethod.test(nameOf(member) ?? ''),
  );
}

function memberProblem(node: Node): string | undefined {
  const name = nameOf(node);
  if (name !== undefined && /^_[A-Za-z]/.test(name)) return `uses ${name}, which is private`;
  if (node.type === 'Identifier' && node.name === 'internalBinding') {
    return 'uses internalBinding, an inner part of Node';
  }
  if (name === '__proto__') return 'uses __proto__: changes what an object is';
  const path = pathOf(node);
  const why = path === undefined ? undefined : forbidden.get(path);
  return why === undefined ? undefined : `uses ${path}: ${why}`;
}

const named: ReadonlySet<string> = new Set([
  'Property',
  'MethodDefinition',
  'PropertyDefinition',
  'TSPropertySignature',
  'TSMethodSignature',
]);

/** The name of the member that a node stands for or declares. */
function nameOf({ type, computed = false, property, key }: Node): string | undefined {
  const member = type === 'MemberExpression' ? property : named.has(type) ? key : undefined;
  if (member === undefined) return undefined;
  if (member.type === 'Literal') return String(member.value);
  return computed || member.type !== 'Identifier' ? undefined : member.name;
}

/** `Object.keys` of `Object.keys` or `Object['keys']`. */
function pathOf(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.object === undefined) return undefined;
  const object = pathOf(node.object);
  const name = nameOf(node);
  return object === undefined || name === undefined ? undefined : `${object}.${name}`;
}

// Changes -----------------------------------------------------------------------

function changeProblem(node: Node): string | undefined {
  if (node.type === 'AssignmentExpression') return assignmentProblem(node.left);
  if (node.type !== 'CallExpression' || node.callee === undefined) return undefined;
  const [target, name] = node.arguments ?? [];
  const path = pathOf(node.callee);
  if (target === undefined || target.type === 'ThisExpression') return undefined;
  if (path === 'Object.defineProperty' || path === 'Reflect.set') {
    const member = name?.type === 'Literal' ? String(name.value) : '';
    if (isGlobal(target, member) || nodeMethods.has(member))
      return `${path} changes an object of others`;
  }
  return path === 'Object.assign' && isGlobal(target) ? 'changes a global object' : undefined;
}

function assignmentProblem(left: Node | undefined): string | undefined {
  if (left?.type !== 'MemberExpression' || left.object === undefined) return undefined;
  const name = nameOf(left);
  const { object } = left;
  if (name === 'prototype' || nameOf(object) === 'prototype') return 'changes a prototype';
  if (isGlobal(object, name)) return 'changes a global object';
  if (object.type === 'ThisExpression' || name === undefined || !nodeMethods.has(name)) {
    return undefined;
  }
  return `puts something in the place of ${name}, a method of Node's`;
}

/** Whether it is the global object; or Node's `process`, and not one of ours by that name. */
function isGlobal(node: Node, member?: string): boolean {
  const path = pathOf(node);
  if (path === 'globalThis' || path === 'global') return true;
  return path === 'process' && member !== undefined && member !== 'exitCode' && member in process;
}
