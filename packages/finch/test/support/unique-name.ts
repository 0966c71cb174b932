let count = 0;

/** A name that no other test of the file has. */
export const uniqueName = (): string => `Test${++count}`;
