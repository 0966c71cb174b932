/** TLS with servers of another make: names, sessions, certificates on both sides. */
import { expect, it } from 'vitest';
import type { ConnectionOptions, TlsOptions } from '../../../src/index.ts';
import { startFinch } from '../../support/finch.ts';
import { bodyOf, digestOf, isBody, large } from '../bodies.ts';
import type { WebServer } from '../web-server.ts';

/** Every name leads to this machine. */
const lookup: NonNullable<ConnectionOptions['lookup']> = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** With HTTP/1.1 only: HTTP/2 has tests of its own. */
const start = (tls: TlsOptions) =>
  startFinch({ pools: { default: { protocols: ['http1'], connOpts: { tls, lookup } } } });

export function tls(server: () => WebServer): void {
  const url = (host: string, path: string): string => `https://${host}:${server().tlsPort}${path}`;

  it('speaks TLS with a certificate of a known authority, and uses the connection again', async () => {
    const finch = await start({ ca: server().ca });
    const first = await finch.get(url('localhost', '/whoami'));
    const second = await finch.get(url('localhost', '/whoami'));
    expect(second.headers.get('x-port')).toBe(first.headers.get('x-port'));
  });

  it('sends and reads large bodies over TLS', async () => {
    const finch = await start({ ca: server().ca });
    const { body } = await finch.get(url('localhost', `/file/${large}`));
    expect(isBody(body, large)).toBe(true);
    const response = await finch.put(url('localhost', '/origin/digest'), bodyOf(large));
    expect(response.json()).toEqual(digestOf(large));
    expect(finch.count()).toBe(1);
  });

  it('tells the server the name that it wants', async () => {
    const finch = await start({ ca: server().ca });
    for (const name of ['first.test', 'second.test']) {
      const { headers } = await finch.get(url(name, '/whoami'));
      expect(headers.get('x-sni')).toBe(name);
    }
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes a session of %s', async (version) => {
    const finch = await start({ ca: server().ca, minVersion: version, maxVersion: version });
    const headers = { connection: 'close' };
    const ask = () => finch.get(url('localhost', '/whoami'), { headers });
    const resumed = [await ask(), await ask()].map((response) => response.headers.get('x-resumed'));
    expect([
      ['.', 'r'],
      ['0', '1'],
      ['false', 'true'],
      ['Initial', 'Resumed'],
    ]).toContainEqual(resumed);
  });

  it('does not speak TLS with a certificate of an unknown authority', async () => {
    const finch = await start({});
    await expect(finch.get(url('localhost', '/whoami'))).rejects.toMatchObject({
      code: 'ERR_FINCH_TLS',
    });
  });

  it('does not speak TLS with a certificate for other names', async () => {
    const finch = await start({ ca: server().ca });
    await expect(finch.get(url('third.test', '/whoami'))).rejects.toMatchObject({
      code: 'ERR_FINCH_TLS',
    });
  });

  it('shows the server its certificate', async () => {
    const { mutualTlsPort, ca, clientCertificate } = server();
    const finch = await start({ ca, ...clientCertificate });
    const { headers } = await finch.get(`https://localhost:${mutualTlsPort}/whoami`);
    expect(headers.get('x-client')).toContain('a client');
  });

  it('is not served without a certificate that the server wants', async () => {
    const finch = await start({ ca: server().ca });
    const outcome = await finch.get(`https://localhost:${server().mutualTlsPort}/whoami`).then(
      ({ status }) => status,
      (error: Error) => error.name,
    );
    // nginx says it in HTTP, others end the handshake or, in TLS 1.3, the connection after it.
    expect([400, 'TlsError', 'ConnectionClosedError']).toContain(outcome);
  });
}
