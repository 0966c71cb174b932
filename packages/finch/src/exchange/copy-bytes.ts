/** A wire lends the bytes of a body for the length of a call: whoever keeps them copies them. */
export function copyBytes(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  bytes.copy(copy, 0, from, to);
  return copy;
}
