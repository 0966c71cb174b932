/** A copy, for a sink that keeps bytes: the wire lends them for the length of a call. */
export function copyBytes(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  bytes.copy(copy, 0, from, to);
  return copy;
}
