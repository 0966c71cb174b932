/** NATS as the carrier of a cluster. */
export { nats, type NatsOptions } from './nats-carrier.ts';
