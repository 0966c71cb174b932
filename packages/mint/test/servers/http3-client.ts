/** Requests over HTTP/3 for the tests with real servers. */
import { onTestFinished } from 'vitest';
import { connect } from '../../src/index.ts';
import type {
  Connection,
  ConnectionOptions,
  ConnectionRequest,
  Fields,
  CollectedResponse,
  Exchange,
} from '../../src/index.ts';

/** Opens a connection of HTTP/3, closed after the test. */
export async function open(port: number, options: ConnectionOptions): Promise<Connection> {
  const connection = await connect(`https://localhost:${port}`, {
    protocols: ['http3'],
    family: 4,
    ...options,
  });
  onTestFinished(() => connection.close());
  return connection;
}

/** Sends many requests over one connection, as many at a time as the server allows; the results in order. */
export async function sendAll(
  connection: Connection,
  requests: readonly ConnectionRequest[],
): Promise<CollectedResponse[]> {
  const { wire } = connection;
  const results: Promise<CollectedResponse>[] = [];
  let wake = (): void => {};
  wire.onChange = () => wake();
  for (const request of requests) {
    while (wire.underWay >= wire.limit) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const result = connection.request(request);
    results.push(result.finally(() => wake()));
  }
  return Promise.all(results);
}

/** What came of a request that is read piece by piece. */
export class Reading {
  readonly exchange: Exchange;
  status: number | undefined;
  fields: Fields | undefined;
  length = 0;
  isPaused = false;
  readonly outcome: Promise<Error | undefined>;

  constructor(connection: Connection, request: ConnectionRequest) {
    let end!: (error?: Error) => void;
    this.outcome = new Promise((resolve) => {
      end = resolve;
    });
    this.exchange = connection.send(request, {
      onInformational: () => {},
      onHeaders: (status, fields) => {
        this.status = status;
        this.fields = fields;
      },
      onData: (_bytes, from, to) => {
        this.length += to - from;
        return !this.isPaused;
      },
      onEnd: () => end(),
      onError: (error) => end(error),
    });
  }
}
