/** Bytes that lines of HTTP/1.1 are made of, and what they are looked at for. */

export const cr = 0x0d;
export const lf = 0x0a;
export const space = 0x20;
export const tab = 0x09;

/** The value of a hexadecimal digit; 255 for other bytes. */
export const hexValue = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  hexValue[digit.toString(16).charCodeAt(0)] = digit;
  hexValue[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Whether the bytes are this name, in any case; it is of lower-case letters and hyphens. */
export function isNamed(b: Buffer, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    const byte = b[at + i] as number;
    if (byte !== code && (code === 0x2d || (byte | 0x20) !== code)) return false;
  }
  return true;
}

export function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}
