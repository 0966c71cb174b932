import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createAuthority } from '@linnet/mint/testing';
import { eventually } from '@linnet/otp/testing';
import { expect, it, onTestFinished } from 'vitest';
import { program as main } from '../../soak/main.ts?program';
import { program } from '../../soak/server.ts?program';
import { ServerProcess, type ServerSetup } from '../../soak/server-process.ts';

const isWindows = process.platform === 'win32';

async function setup(): Promise<ServerSetup> {
  const folder = await mkdtemp(join(tmpdir(), 'linnet-soak-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const certificate = createAuthority().issue(['127.0.0.1']);
  return { seed: 1, slow: false, path: join(folder, 'socket'), ...certificate };
}

it.skipIf(isWindows)('tells those who wait for a server that has ended how it ended', async () => {
  const server = await ServerProcess.start(await setup(), program);
  await server.figures();
  // It cannot answer any more.
  process.kill(server.pid, 'SIGSTOP');
  const figures = server.figures();
  process.kill(server.pid, 'SIGKILL');
  await expect(figures).rejects.toThrow('ended by SIGKILL');
  await expect(server.failure).rejects.toThrow('ended by SIGKILL');
  await expect(server.figures()).rejects.toThrow('ended by SIGKILL');
  await server.stop();
});

it('tells what a server complained of before its end', async () => {
  const start = ServerProcess.start({ ...(await setup()), key: 'no key' }, program);
  await expect(start).rejects.toThrow(/ended with code 1\.\n[^]*Error: .*\n +at setKey/);
});

it.skipIf(isWindows)('fails the soak at once when one of its servers ends', async () => {
  const args = ['--server', program, '--seconds', '80', '--callers', '10'];
  const soak = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void soak.kill('SIGKILL'));
  const ended = Promise.all([text(soak.stdout), text(soak.stderr), once(soak, 'exit')]);
  const child = await eventually(
    async () => {
      const { stdout } = await promisify(execFile)('pgrep', ['-P', String(soak.pid)]);
      return Number(stdout.split('\n')[0]);
    },
    { timeout: 100_000 },
  );
  process.kill(child, 'SIGKILL');
  const [, complaints, [code]] = (await ended) as [string, string, [number | null]];
  expect(complaints).toContain('The server of the soak ended by SIGKILL.');
  expect(code).toBe(1);
});
