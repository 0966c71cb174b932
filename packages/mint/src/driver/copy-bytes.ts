/** A copy of a part of a buffer that is lent for the length of a call. Small ones share memory, as Node's do. */
export function copyBytes(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  bytes.copy(copy, 0, from, to);
  return copy;
}
