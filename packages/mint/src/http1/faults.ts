/** What is wrong with a response of HTTP/1.1, where more than one place may find it. */
import { Fault } from '../errors/fault.ts';

export function badStatusLine(): Fault {
  return new Fault('invalid_status_line', 'the status line is not of HTTP/1.1');
}

export function badName(): Fault {
  return new Fault('invalid_header', 'the name of a field is not a token, or no colon follows it');
}

export function badVersion(): Fault {
  return new Fault('unsupported_version', 'the response is not of HTTP/1.0 or HTTP/1.1');
}

export function badChunk(): Fault {
  return new Fault('invalid_chunk_size', 'the size of a chunk is not a hexadecimal number');
}

export function badExtension(): Fault {
  return new Fault('invalid_chunk_extension', 'the extension of a chunk is not of its form');
}

export function unsupportedCoding(): Fault {
  return new Fault(
    'unsupported_transfer_encoding',
    'the only transfer coding that was offered is chunked',
  );
}
