/** What the upload of a request body tells the exchange that it belongs to. */
import type { ExchangeFacts } from '../errors/index.ts';

export interface Uploader {
  /** All of the body is sent. */
  uploaded(): void;
  /** A further part is sent. */
  progressed(): void;
  /** The source failed, or gave another number of bytes than declared. */
  uploadFailed(error: Error): void;
  /** What is known of the exchange. */
  facts(): ExchangeFacts;
}
