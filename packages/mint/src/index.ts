/**
 * One HTTP connection: codecs for HTTP/1.1 and HTTP/2 without I/O, and what ties them to a socket.
 */
export { errnoOf } from './errors/index.ts';
export { Fields } from './fields.ts';
