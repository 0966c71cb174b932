/** Reading the messages of `finch.asyncRequest`. */
import { receive } from '@linnet/otp';
import type { AsyncPart, AsyncRequestMessage, AsyncRequestRef } from '../../src/index.ts';

/** The next part of a request, in the process that made it. */
export async function nextPart(ref: AsyncRequestRef): Promise<AsyncPart> {
  const { part } = await receive((message): message is AsyncRequestMessage =>
    ref.isMessage(message),
  );
  return part;
}
