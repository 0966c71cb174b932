import { expect, test } from 'vitest';
import { TlsIdentity, TlsError } from '../../../src/index.ts';
import { createAuthority, startHttp1Server } from '../../../src/testing/index.ts';
import { send } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

test(
  '[W13] a client certificate that a server of TLS 1.3 wants and does not get is a TlsError',
  { repeats: 5 },
  async () => {
    const authority = createAuthority();
    await using server = await startHttp1Server((peer) => peer.closed, {
      tls: {
        ...authority.issue(['127.0.0.1']),
        ca: authority.ca,
        requestCert: true,
        minVersion: 'TLSv1.3',
      },
    });
    using open = await openWire(server.port, {
      origin: `https://127.0.0.1:${server.port}`,
      tls: new TlsIdentity({ ca: authority.ca }),
    });
    const log = await send(open.wire).done;
    expect(log.error).toBeInstanceOf(TlsError);
    expect((log.error as TlsError).reason).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    expect(await open.closed).toBeInstanceOf(TlsError);
  },
);
