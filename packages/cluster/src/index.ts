/** Processes, names and supervision over worker threads and machines, with NATS as the carrier. */
export {};
