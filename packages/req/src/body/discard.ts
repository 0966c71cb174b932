/** Lets go of bodies that no request has taken, or not all of. */
import { Readable } from 'node:stream';
import type { ResolvedOptions } from '../options/index.ts';

/**
 * The streams of a call that is over: destroyed, cancelled or ended, so that no file stays open. What
 * was sent is at its end already. `body` itself is Finch's once it was given to it.
 */
export function discardBodies({ body, formMultipart }: ResolvedOptions, sent: boolean): void {
  if (!sent) discard(body);
  for (const { value } of formMultipart ?? []) {
    if (typeof value === 'object' && 'stream' in value && !(value instanceof Blob)) {
      discard(value.stream);
    }
  }
}

function discard(source: unknown): void {
  if (typeof source !== 'object' || source === null) return;
  if (source instanceof Readable) {
    // What it says of its end concerns no request.
    if (!source.destroyed) source.on('error', () => {}).destroy();
  } else if (source instanceof ReadableStream) {
    if (!source.locked) source.cancel().catch(() => {});
  } else if ('next' in source && 'return' in source && typeof source.return === 'function') {
    const iterator = source as { return(): unknown };
    void end(iterator);
  }
}

async function end(iterator: { return(): unknown }): Promise<void> {
  try {
    await iterator.return();
  } catch {
    // It concerns no request.
  }
}
