/**
 * What of a wire can be set by the user who opens one connection.
 */
import { booleanRule, numberRule, oneOfRule } from './dial/option-rules.ts';
import type { OptionRules } from './dial/option-rules.ts';

/** The limits and the strictness of a connection. */
export interface WireOptions {
  /** The most bytes of names and values in a response's header section, and in its trailer section. Default 262144. */
  readonly maxHeaderSize?: number | undefined;
  /** The most bytes of a response's body. Default: no limit. */
  readonly maxResponseSize?: number | undefined;
  /** HTTP/1: how many ms before the end of the server's keep-alive hint an idle connection is closed. Default 2000. */
  readonly keepAliveThreshold?: number | undefined;
  /** HTTP/1: whether a value that goes on in a further line is taken, its line break as a space. Default `'replace'`. */
  readonly obsFold?: 'replace' | 'refuse' | undefined;
  /** HTTP/1: whether a line may end with LF alone. Default false. */
  readonly bareLineFeeds?: boolean | undefined;
  /** HTTP/2 and HTTP/3: how many bytes of one response the server may send before they are read. Default 1 MiB. */
  readonly streamWindowSize?: number | undefined;
  /** HTTP/2 and HTTP/3: how many bytes of all responses together may be on their way. Default 16 MiB. */
  readonly connectionWindowSize?: number | undefined;
}

const largestWindow = 2 ** 31 - 1;

const bytes = numberRule(
  'an integer of bytes above 0',
  (value) => Number.isSafeInteger(value) && value > 0,
);

const window = numberRule(
  `an integer of bytes from 65535 to ${largestWindow}`,
  (value) => Number.isSafeInteger(value) && value >= 65_535 && value <= largestWindow,
);

/** The rules of {@link WireOptions}. */
export const wireRules: OptionRules<WireOptions> = {
  maxHeaderSize: bytes,
  maxResponseSize: bytes,
  keepAliveThreshold: numberRule(
    'a number of ms from 0',
    (value) => Number.isFinite(value) && value >= 0,
  ),
  obsFold: oneOfRule('replace', 'refuse'),
  bareLineFeeds: booleanRule,
  streamWindowSize: window,
  connectionWindowSize: window,
};
