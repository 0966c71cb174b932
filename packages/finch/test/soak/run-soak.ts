import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { program } from '../../soak/main.ts?program';
import { program as server } from '../../soak/server.ts?program';

/** A soak of three seconds, which is to pass. It is a process of its own: what it leaves behind is counted there. */
export async function expectToPass(...options: readonly string[]): Promise<void> {
  const args = ['--server', server, '--seconds', '3', '--callers', '100', ...options];
  const soak = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, complaints, [code]] = await Promise.all([
    text(soak.stdout),
    text(soak.stderr),
    once(soak, 'exit') as Promise<[number | null]>,
  ]);
  expect(code, `${out}${complaints}`).toBe(0);
  expect(out).toMatch(/asked +\d{3,}; lost 0; late 0/);
}
