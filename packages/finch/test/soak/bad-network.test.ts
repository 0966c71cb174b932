import { expect, test } from 'vitest';
import { badNetwork } from '../../soak/bad-network.ts';
import { describeQuic } from '../../../mint/test/support/quic.ts';

describeQuic('HTTP/3 over a bad network', () => {
  test('loses no request, and mixes up no response', async () => {
    const requests = 200;
    const { ok, cancelled, lost, datagrams } = await badNetwork({ requests, seed: 7 });
    expect(lost).toEqual({});
    expect(ok + cancelled).toBe(requests);
    expect(datagrams['drop']).toBeGreaterThan(0);
    expect(datagrams['corrupt']).toBeGreaterThan(0);
  });
});
