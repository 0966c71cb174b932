/** A page that stays as it is in the program: a document, and the patches of a stream. */
import { useEffect, useState } from 'preact/hooks';
import type { Documents, PageName } from '../../src/protocol/documents.ts';
import { applyPatch, type MergePatch } from '../../src/protocol/merge-patch.ts';
import type { Route } from './route.ts';

export type Status = 'connecting' | 'live' | 'paused' | 'disconnected';

/** A document, and the page that it is of. */
export interface Shown<P extends PageName = PageName> {
  readonly page: P;
  readonly document: Documents[P];
}

export interface Live {
  readonly status: Status;
  /** Undefined until the first document of the page has come. */
  readonly shown: Shown | undefined;
}

/** Ms after which a stream that was refused is tried again. */
const retryAfter = 3000;

/** `interval` in seconds; 0 is a pause, in which the last document stays. */
export function useLive(route: Route, interval: number, onDocument: (shown: Shown) => void): Live {
  const { page } = route;
  const query = new URLSearchParams({ ...route.query, interval: String(interval) }).toString();
  const [status, setStatus] = useState<Status>('connecting');
  const [shown, setShown] = useState<Shown>();
  const isVisible = useVisibility();
  const isPaused = interval === 0 && shown?.page === page;
  useEffect(() => {
    if (!isVisible || isPaused) {
      setStatus('paused');
      return undefined;
    }
    const stream = new PageStream(
      `api/${page}?${query}`,
      (document) => {
        const next: Shown = { page, document };
        onDocument(next);
        setShown(next);
      },
      setStatus,
    );
    return () => stream.close();
  }, [page, query, isVisible, isPaused]);
  return { status, shown: shown?.page === page ? shown : undefined };
}

/** No stream is kept for a tab that is not seen. */
function useVisibility(): boolean {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const onChange = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  return isVisible;
}

class PageStream {
  readonly #url: string;
  readonly #onDocument: (document: Documents[PageName]) => void;
  readonly #onStatus: (status: Status) => void;
  #source: EventSource | undefined;
  #document: Documents[PageName] | undefined;
  #retry: number | undefined;

  constructor(
    url: string,
    onDocument: (document: Documents[PageName]) => void,
    onStatus: (status: Status) => void,
  ) {
    this.#url = url;
    this.#onDocument = onDocument;
    this.#onStatus = onStatus;
    this.#open();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
  }

  #open(): void {
    this.#onStatus('connecting');
    const source = new EventSource(this.#url);
    this.#source = source;
    source.addEventListener('document', ({ data }: MessageEvent<string>) => {
      this.#show(JSON.parse(data) as Documents[PageName]);
    });
    source.addEventListener('patch', ({ data }: MessageEvent<string>) => {
      if (this.#document === undefined) return;
      this.#show(applyPatch(this.#document, JSON.parse(data) as MergePatch));
    });
    source.addEventListener('error', () => {
      this.#onStatus('disconnected');
      // Refused, as with 503: a browser gives up then.
      if (source.readyState !== EventSource.CLOSED) return;
      this.#retry = setTimeout(() => this.#open(), retryAfter);
    });
  }

  #show(document: Documents[PageName]): void {
    this.#document = document;
    this.#onStatus('live');
    this.#onDocument(document);
  }
}
