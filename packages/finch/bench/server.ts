/** The server that all clients ask: nginx, or node:http where nginx is missing. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@linnet/mint/testing';
import { ensureInstalled, output, Peer, pinned } from '../../otp/bench/harness/program.ts';
import { freePorts, untilListening } from '../test/servers/program.ts';

export interface BenchServer extends AsyncDisposable {
  /** `nginx/1.22.1`, `node:http`. */
  readonly name: string;
  readonly port: number;
  readonly tlsPort: number;
  /** With TLS, and HTTP/2. */
  readonly h2Port: number;
  readonly socketPath: string;
  readonly ca: string;
}

/**
 * Starts the server on a core of its own. `/1024` and `/65536` are bodies of that length, `/post`
 * takes a body and answers with 1,024 bytes.
 */
export async function startServer(core: number): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-bench-'));
  const socketPath = join(folder, 'socket');
  const authority = createAuthority('Linnet benchmark authority');
  const { key, cert } = authority.issue(['127.0.0.1', 'localhost']);
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'cert.pem'), cert);
  const [port = 0, tlsPort = 0, h2Port = 0] = await freePorts(3);
  const nginx = ensureInstalled('nginx', 'nginx-light');
  const server = nginx
    ? new Peer(pinned(core, nginxCommand(folder, port, tlsPort, h2Port)))
    : new Peer(
        pinned(core, [
          process.execPath,
          join(import.meta.dirname, 'node-server.ts'),
          folder,
          String(port),
          String(tlsPort),
          String(h2Port),
        ]),
      );
  if (!(await untilListening([port, tlsPort, h2Port], () => server.running))) {
    throw new Error('the server did not start');
  }
  return {
    name: nginx ? `nginx ${nginxVersion()}` : 'node:http (nginx is missing)',
    port,
    tlsPort,
    h2Port,
    socketPath,
    ca: authority.ca,
    async [Symbol.asyncDispose]() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function nginxVersion(): string {
  return output(['sh', '-c', 'nginx -v 2>&1'])?.match(/[\d.]+/)?.[0] ?? '';
}

function nginxCommand(
  folder: string,
  port: number,
  tlsPort: number,
  h2Port: number,
): readonly string[] {
  mkdirSync(join(folder, 'www'));
  for (const length of [1024, 65_536]) {
    writeFileSync(join(folder, 'www', String(length)), 'x'.repeat(length));
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${folder}/${what};`)
    .join('\n  ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  ${temporary}
  access_log off;
  default_type text/plain;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  open_file_cache max=10;
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl;
    listen 127.0.0.1:${h2Port} ssl http2;
    listen unix:${folder}/socket;
    ssl_certificate ${folder}/cert.pem;
    ssl_certificate_key ${folder}/key.pem;
    root ${folder}/www;
    location = /post { return 200 ${'x'.repeat(1024)}; }
  }
}
`,
  );
  return ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
}
