/** Limits belong to the options. */
export { fromNumber, toNumber } from '../options/limit.ts';
