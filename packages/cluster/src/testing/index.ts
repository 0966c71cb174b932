/** Real NATS servers for tests and examples, with any test runner. */
export { hasNatsServer, NatsServer, type NatsServerPlace } from './nats-server.ts';
