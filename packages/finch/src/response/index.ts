/**
 * Responses: status, headers, body, trailers.
 */
export { bodyMemory } from './body-memory.ts';
export { ResponseBody } from './body.ts';
export { ResponseHeaders } from './headers.ts';
export type { HeaderField } from './headers.ts';
export { InformationalResponse, Response } from './response.ts';
