/**
 * Any interleaving of requests, leases, cancellation, crashes, restarts, changes
 * of the pools and moods of the server: after each step the figures are those of
 * the world, and at the end every request has ended and nothing is left.
 *
 * LINNET_MODEL_RUNS sets how many worlds there are of each protocol.
 */
import { quicAvailable } from '@linnet/mint';
import fc from 'fast-check';
import { test } from 'vitest';
import { World, type WorldOptions } from '../support/pool-world.ts';
import type { WorldProtocol } from '../support/world-server.ts';
import { commands, sharedCommands } from './model-steps.ts';

const worlds = (protocol: WorldProtocol): fc.Arbitrary<WorldOptions> =>
  fc.record({
    protocol: fc.constant(protocol),
    streams:
      protocol === 'http1'
        ? fc.constant('infinity' as const)
        : fc.constantFrom(1, 2, 'infinity' as const),

    userManaged: fc.boolean(),
    maxConnections: fc.constantFrom(1, 2, 'infinity' as const),
    pool: fc.record({
      size: fc.integer({ min: 1, max: 3 }),
      count: fc.constant(1),
      maxQueue: fc.constantFrom(1, 'infinity' as const),
      whenFull: fc.constantFrom('queue', 'queue', 'fail', 'overflow'),
      prewarm: fc.constantFrom(0, 0, 1),
      connMaxIdleTime: fc.constantFrom(0, 100, 'infinity' as const),
      poolMaxIdleTime: fc.constantFrom(500, 'infinity' as const),
      maxConnectionAge: fc.constantFrom(300, 'infinity' as const),
      maxRequestsPerConnection: fc.constantFrom(2, 'infinity' as const),
      http2: fc.record({
        waitForServerSettings: fc.boolean(),
        maxConcurrentStreams: fc.constantFrom(1, 'infinity' as const, 'infinity' as const),
        pingInterval: fc.constantFrom(200, 'infinity' as const, 'infinity' as const),
        pingTimeout: fc.constant(100),
      }),
    }),
  });

const runs = Number(process.env['LINNET_MODEL_RUNS'] ?? 20);

const hasQuic = await quicAvailable();
if (!hasQuic) console.warn('SKIPPED: the models with HTTP/3, without QUIC');

const titles = {
  http1: 'with HTTP/1.1 [D13] [H73]',
  http2: 'with HTTP/2',
  both: 'with a pool of each',
  http3: 'with HTTP/3',
  announced: 'with HTTP/3 that is announced over the others',
} as const;

for (const [protocol, title] of Object.entries(titles) as [WorldProtocol, string][]) {
  const needsQuic = protocol === 'http3' || protocol === 'announced';
  test.skipIf(needsQuic && !hasQuic)(
    `figures equal reality after every step, and nothing is left at the end, ${title}`,
    { timeout: 120_000 + runs * 1000 },
    async () => {
      const steps = protocol === 'http1' ? commands : [...commands, ...sharedCommands];
      await fc.assert(
        fc.asyncProperty(
          worlds(protocol),
          fc.commands([...steps], { maxCommands: 60, size: 'max' }),
          async (options, chosen) => {
            const world = await new World(options).start();
            let isDone = false;
            try {
              await fc.asyncModelRun(() => ({ model: {}, real: world }), chosen);
              await world.finish();
              isDone = true;
            } finally {
              // What is left after a failure says nothing, and would hide it.
              await world.stop(isDone);
            }
          },
        ),
        {
          numRuns: runs,
          interruptAfterTimeLimit: 110_000 + runs * 900,
          markInterruptAsFailure: true,
        },
      );
    },
  );
}
