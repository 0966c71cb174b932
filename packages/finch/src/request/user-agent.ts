/**
 * What requests say of their client, unless they have a user-agent of their own.
 */
export const userAgent = 'linnet/0.1.0';
