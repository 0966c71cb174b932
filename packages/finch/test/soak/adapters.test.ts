import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const main = join(import.meta.dirname, '../../soak/main.ts');

// Each is a program of its own.
it.concurrent.each(['fetch', 'dispatcher', 'agent'])(
  'ends every request through %s once and in time, and leaves nothing behind',
  async (client) => {
    const args = ['--conditions=@linnet/source', main, '--client', client];
    const limits = ['--seconds', '3', '--callers', '100'];
    const soak = spawn(process.execPath, [...args, ...limits], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, complaints, [code]] = await Promise.all([
      text(soak.stdout),
      text(soak.stderr),
      once(soak, 'exit') as Promise<[number | null]>,
    ]);
    expect(code, `${out}${complaints}`).toBe(0);
    expect(out).toMatch(/asked +\d{3,}; lost 0; late 0/);
  },
);
