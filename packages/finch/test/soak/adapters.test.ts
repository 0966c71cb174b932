import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { program } from '../../soak/main.ts?program';
import { program as server } from '../../soak/server.ts?program';

it('ends every request through fetch, dispatcher and agent once and in time, and leaves nothing behind', async () => {
  // A process of its own, which the three share: to start it and its servers takes as long as seconds of it.
  const clients = ['--client', 'fetch', '--client', 'dispatcher', '--client', 'agent'];
  const args = ['--server', server, ...clients, '--seconds', '5', '--callers', '100'];
  const soak = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, complaints, [code]] = await Promise.all([
    text(soak.stdout),
    text(soak.stderr),
    once(soak, 'exit') as Promise<[number | null]>,
  ]);
  expect(code, `${out}${complaints}`).toBe(0);
  expect(out).toMatch(/asked +\d{3,}; lost 0; late 0/);
  for (const client of ['fetch', 'dispatcher', 'agent']) {
    expect(out).toMatch(new RegExp(`clients .*${client} \\d{3,}`));
  }
});
