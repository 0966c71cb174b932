/** What the examples in the doc comments of @linnet/cluster use without declaring it. */
export declare const text: string;
export declare const rows: readonly object[];
