/** A server that ends each connection after three requests. */
import { expect, it } from 'vitest';
import { startFinch } from '../../support/finch.ts';
import type { WebServer } from '../web-server.ts';
import { portOf } from './connections.ts';

export function requestLimit(server: () => WebServer): void {
  it('goes on with another connection when the server has served its most on one', async () => {
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    const ports: string[] = [];
    for (let count = 0; count < 7; count++) {
      ports.push(portOf(await finch.get(`${server().threeUrl}/whoami`)));
    }
    const [a = '', , , b = '', , , c = ''] = ports;
    expect(ports).toEqual([a, a, a, b, b, b, c]);
    expect(new Set(ports).size).toBe(3);
  });

  it('serves many callers although the server ends each connection after three requests', async () => {
    const finch = await startFinch({ pools: { default: { size: 3 } } });
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => finch.get(`${server().threeUrl}/whoami`)),
    );
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(responses.map(portOf)).size).toBeGreaterThan(16);
  });
}
