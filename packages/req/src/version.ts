/** What requests say of their client, unless they have a `userAgent` or a header of their own. */
export const defaultUserAgent = 'linnet-req/0.1.0';
