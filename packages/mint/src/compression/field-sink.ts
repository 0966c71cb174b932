/** What a decoder of HPACK or QPACK hands the fields of a section to, in their order. */
export interface FieldSink {
  /** No further field is wanted: what follows is decoded without being handed over. */
  readonly isFull: boolean;
  /** `kind` tells what the field is to a response; `size` is that of RFC 7541, 4.1: the bytes of name and value, and 32. */
  add(name: string, value: string, kind: number, size: number): void;
}
