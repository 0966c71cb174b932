/** Reads doc comments. */
import type { Node } from 'typescript/unstable/ast';

/** A doc comment by its parts. */
export interface Doc {
  /** The text before the first tag, as Markdown. */
  readonly text: string;
  readonly params: readonly string[];
  readonly throws: readonly string[];
  readonly examples: readonly string[];
  readonly internal: boolean;
}

export const noDoc: Doc = { text: '', params: [], throws: [], examples: [], internal: false };

/** The doc comment directly before a node. */
export function docOf(node: Node): Doc {
  const before = node.getFullText().slice(0, node.getStart() - node.getFullStart());
  const comment = before.match(/\/\*\*(?:(?!\*\/)[\s\S])*\*\//g)?.at(-1);
  return comment === undefined ? noDoc : parseDoc(comment);
}

/** Parses the text of a comment, with its frame of stars. */
function parseDoc(comment: string): Doc {
  const text = comment
    .replace(/^\/\*\*[ \t]*\n?/, '')
    .replace(/\s*\*\/$/, '')
    .replaceAll(/^[ \t]*\* ?/gm, '');
  // `split` finds nothing at the very beginning: a tag may stand there.
  const [main = '', ...tags] = `\n${text}`.split(/^(?=@[a-z]+)/m);
  const all = (name: string): string[] =>
    tags
      .filter((tag) => new RegExp(`^@${name}\\b`).test(tag))
      .map((tag) =>
        tag
          .replace(/^@[a-z]+[ \t]*/, '')
          .replace(/^\n/, '')
          .trimEnd(),
      );
  return {
    text: main.trim(),
    params: all('param').map((param) => param.replace(/^(\S+)\s+(?:- )?/, '`$1`: ')),
    // In braces, alone, or before a lower-case text: the class comes first.
    throws: all('throws').map((error) =>
      error.replace(/^\{?([A-Z]\w*)\}?/, '`$1`').replaceAll(/\n +/g, '\n'),
    ),
    examples: all('example'),
    internal: all('internal').length > 0,
  };
}

/** Two comments on one thing as one: what the first one lacks comes from the second. */
export function joinDocs(first: Doc, second: Doc): Doc {
  const or = <T>(own: readonly T[], other: readonly T[]): readonly T[] =>
    own.length > 0 ? own : other;
  return {
    text: [first.text, second.text].filter((text) => text !== '').join('\n\n'),
    params: or(first.params, second.params),
    throws: or(first.throws, second.throws),
    examples: or(first.examples, second.examples),
    internal: first.internal || second.internal,
  };
}
