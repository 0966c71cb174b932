/**
 * One request stream of HTTP/3 (RFC 9114, 4.1), whose frames are read apart from
 * those of all other streams.
 */
import { Fields } from '../fields.ts';
import { RequestStream } from '../message/request-stream.ts';
import { FrameReader } from './frame-reader.ts';

/** A request, and how far its response has come. Only the connection changes it. */
export class Http3Stream<User> extends RequestStream<User> {
  readonly reader = new FrameReader();
  /** The trailer section came: nothing may follow it. */
  hasTrailers = false;
  trailerFields: Fields = Fields.none;
}
