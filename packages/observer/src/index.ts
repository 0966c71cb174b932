/** See and steer a running supervision tree and its HTTP pools, in a browser and in a terminal. */
export {};
