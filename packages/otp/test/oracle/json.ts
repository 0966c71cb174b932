/** Plain JSON, as in the files of recorded traces. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** An event of a trace: its kind, the process, and more. */
export type TraceEvent = readonly [kind: string, process: string, ...details: Json[]];
