/** Whether the body of a call can be sent a second time. */
import type { ResolvedOptions } from '../options/index.ts';

/**
 * A stream or an iterator can be read once. A function makes a new body each time; so do the options
 * `json`, `form` and `formMultipart`, unless a part of the latter is a stream.
 */
export function isReplayable({ body, formMultipart }: ResolvedOptions): boolean {
  if (formMultipart !== undefined) {
    return formMultipart.every(
      ({ value }) => typeof value !== 'object' || !('stream' in value) || value instanceof Blob,
    );
  }
  if (body === undefined || typeof body === 'string' || typeof body === 'function') return true;
  return (
    ArrayBuffer.isView(body) ||
    Array.isArray(body) ||
    body instanceof ArrayBuffer ||
    body instanceof Blob ||
    body instanceof FormData ||
    body instanceof URLSearchParams
  );
}
