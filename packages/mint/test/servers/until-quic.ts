import { connect, ConnectError } from '../../src/index.ts';
/** Waits until a server is ready for QUIC. */

/** Fulfilled when a server takes connections of HTTP/3 at a port. */
export async function untilQuic(port: number, ca: string): Promise<void> {
  for (;;) {
    try {
      const options = { protocols: ['http3'], family: 4, tls: { ca } } as const;
      const connection = await connect(`https://localhost:${port}`, options);
      await connection.close();
      return;
    } catch (error) {
      if (!(error instanceof ConnectError) || error.reason !== 'ECONNREFUSED') throw error;
    }
  }
}
