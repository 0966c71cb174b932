/** Turns the TypeScript of a Markdown page into a program. */

/** A page as a program: all its `ts` blocks, in order, in one module. */
export interface Program {
  readonly page: string;
  readonly source: string;
  /** The hosts that it talks to, as the page writes them: `https://api.example.com`. */
  readonly hosts: readonly string[];
  /** False when a block is marked `ts no-run`: then the page is compiled only. */
  readonly runs: boolean;
}

const block = /^```ts( no-run)?\n([\s\S]*?)^```$/gm;
const host = /https?:\/\/(?:[a-z0-9-]+\.)*(?:example\.com|internal)\b/g;

export function extractProgram(page: string, markdown: string): Program | undefined {
  const blocks = [...markdown.matchAll(block)];
  if (blocks.length === 0) return undefined;
  return programOf(page, blocks);
}

/** Each block of a page as a program of its own: those of a README are pasted into a file. */
export function extractBlocks(page: string, markdown: string): Program[] {
  return [...markdown.matchAll(block)].map((found, index) =>
    programOf(`${page}#${index + 1}`, [found]),
  );
}

function programOf(page: string, blocks: readonly RegExpExecArray[]): Program {
  const source = blocks.map(([, , code]) => code).join('\n');
  return {
    page,
    source,
    hosts: [...new Set(source.match(host))],
    runs: blocks.every(([, noRun]) => noRun === undefined),
  };
}
