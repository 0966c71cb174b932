/** Words that the texts do not use, and what they say instead. */

interface Word {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** Of pages and comments: words that leave open who or what is meant. */
const vague: readonly Word[] = [
  { pattern: /\bnobody\b/i, instead: 'what does not exist, or does not happen' },
  { pattern: /\b(?:some|any)body\b/i, instead: 'a caller, a process, another pool' },
  { pattern: /\bwho(?:m|ever)\b/i, instead: 'the caller, the holder, the process that …' },
];

/** Names that had one meaning here and none elsewhere. */
const ownWords: readonly Word[] = [
  { pattern: /\bworn\b/i, instead: 'expired' },
  { pattern: /\bspurned\b|isSpurnedBy/i, instead: 'blockedByServer' },
  { pattern: /\bhomeless\b/i, instead: 'detached' },
  { pattern: /\bputOff\b/, instead: 'defer' },
  { pattern: /\btakeBack\b/, instead: 'undefer' },
  { pattern: /\bcatchUp\b/, instead: 'flushDeferred' },
  { pattern: /\bHandOver\b/, instead: 'a loop of the pool core' },
  { pattern: /\bunsettled\b|\bsettle(?:Proxy|IfIdle|Later)\b/, instead: 'resolve, update' },
  { pattern: /\bsettle[sd]? for\b|\bALPN settle/i, instead: 'select, negotiate' },
];

/** A place with a word that it should not have. */
export interface Found {
  readonly line: number;
  readonly word: string;
  readonly instead: string;
}

/** The words of a page of the docs that are to be replaced. */
export const inPage = (text: string): Found[] => search(text, [...vague, ...ownWords]);

/** The names of a source that are to be replaced, and the words of its comments. */
export const inSource = (text: string): Found[] => [
  ...search(text, ownWords),
  ...search(comments(text), vague),
];

/** Its lines, those without a comment at their beginning empty. */
const comments = (text: string): string => text.replaceAll(/^(?!\s*(?:\*|\/\*|\/\/)).*$/gm, '');

function search(text: string, words: readonly Word[]): Found[] {
  return text.split('\n').flatMap((line, index) =>
    words.flatMap(({ pattern, instead }) => {
      const [word] = pattern.exec(line) ?? [];
      return word === undefined ? [] : [{ line: index + 1, word, instead }];
    }),
  );
}
