/** Reads the events of a stream of the observer, one by one. */
import { onTestFinished } from 'vitest';
import { applyPatch, type MergePatch } from '../../src/protocol/merge-patch.ts';
import type { Documents, PageName } from '../../src/protocol/documents.ts';

export interface PageReader<P extends PageName> {
  readonly status: number;
  /** The document as of the last event that was read. */
  readonly document: Documents[P];
  /** Reads one event; undefined at the end of the stream. */
  next(): Promise<{ readonly event: string; readonly size: number } | undefined>;
  /** Reads events until the document is as wanted. */
  until(is: (document: Documents[P]) => boolean): Promise<Documents[P]>;
  close(): void;
}

export async function openStream<P extends PageName>(
  url: string,
  page: P,
  query: Record<string, string> = {},
): Promise<PageReader<P>> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(`${url}api/${page}?${new URLSearchParams(query).toString()}`, {
    headers: { accept: 'text/event-stream' },
    signal: abort.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let document: Documents[P] | undefined;

  const next: PageReader<P>['next'] = async () => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event === undefined || data === undefined) continue;
        if (event === 'document') document = JSON.parse(data) as Documents[P];
        else if (document !== undefined) {
          document = applyPatch(document, JSON.parse(data) as MergePatch);
        }
        return { event, size: block.length };
      }
      const chunk = await reader?.read().catch(() => undefined);
      if (chunk === undefined || chunk.done) return undefined;
      text += chunk.value;
    }
  };
  const current = (): Documents[P] => {
    if (document === undefined) throw new Error('no document has come yet');
    return document;
  };
  return {
    status: response.status,
    get document() {
      return current();
    },
    next,
    until: async (is) => {
      while ((await next()) !== undefined) if (is(current())) return current();
      throw new Error('the stream ended');
    },
    close: () => abort.abort(),
  };
}
