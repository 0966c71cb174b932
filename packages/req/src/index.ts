/** A batteries-included HTTP client over supervised pools. */
export {};
