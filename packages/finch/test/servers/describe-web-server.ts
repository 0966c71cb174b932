/** What holds with every server, and what a test file adds for its own. */
import { afterAll, beforeAll, describe } from 'vitest';
import { bodies } from './behaviour/bodies.ts';
import { connections } from './behaviour/connections.ts';
import { restart } from './behaviour/restarts.ts';
import { tls } from './behaviour/tls.ts';
import { whyToSkip } from './program.ts';
import { startWebServer, type Recipe, type WebServer } from './web-server.ts';

/** Describes the client with this server, which runs once for all tests; skips without it. */
export function describeWebServer(recipe: Recipe, more: (server: () => WebServer) => void): void {
  const skipped = whyToSkip(recipe.packages);
  describe.skipIf(skipped !== '')(`with ${recipe.name} as the server${skipped}`, () => {
    let started: WebServer | undefined;
    const server = (): WebServer => {
      if (started === undefined) throw new Error(`${recipe.name} did not start`);
      return started;
    };
    beforeAll(async () => {
      started = await startWebServer(recipe);
    });
    afterAll(() => started?.stop());

    connections(server);
    bodies(server);
    tls(server);
    more(server);
    restart(server);
  });
}
