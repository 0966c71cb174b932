/** A real nginx for a test file: its configuration in a folder of its own, on free ports. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '../support/certificates.ts';

export const isNginxInstalled =
  spawnSync('sh', ['-c', 'PATH="$PATH:/usr/sbin" command -v nginx'], { stdio: 'ignore' }).status ===
  0;

export interface Nginx {
  /** Plain HTTP with long keep-alive. */
  readonly url: string;
  /** The same with TLS. */
  readonly tlsUrl: string;
  /** Ends connections after three requests. */
  readonly threeRequestsUrl: string;
  /** Ends connections that were idle for a second. */
  readonly oneSecondUrl: string;
  /** Ends connections after each response. */
  readonly noKeepAliveUrl: string;
  readonly socketPath: string;
  readonly ca: string;
  stop(): Promise<void>;
}

/** The body of `/<length>`. */
export const fileOf = (length: number): string => 'nginx file\n'.padEnd(length, 'x');

export const lengths = [1024, 65_536, 10_485_760] as const;

export async function startNginx(): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-nginx-'));
  const authority = createAuthority();
  const { key, cert } = authority.issue(['127.0.0.1', 'localhost']);
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'cert.pem'), cert);
  mkdirSync(join(folder, 'www', 'put'), { recursive: true });
  for (const length of lengths) writeFileSync(join(folder, 'www', `${length}`), fileOf(length));
  writeFileSync(join(folder, 'www', 'included'), 'included');
  writeFileSync(join(folder, 'www', 'page.shtml'), 'before <!--#include file="included" --> after');
  const ports = await freePorts(5);
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, ports));
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  const child = spawn('nginx', args, {
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [plain = 0, tls = 0, three = 0, second = 0, none = 0] = ports;
  for (const port of ports) await answersAt(child, port);
  return {
    url: `http://127.0.0.1:${plain}`,
    tlsUrl: `https://localhost:${tls}`,
    threeRequestsUrl: `http://127.0.0.1:${three}`,
    oneSecondUrl: `http://127.0.0.1:${second}`,
    noKeepAliveUrl: `http://127.0.0.1:${none}`,
    socketPath: join(folder, 'socket'),
    ca: authority.ca,
    stop: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, ports: readonly number[]): string {
  const [plain, tls, three, second, none] = ports;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${folder}/${what};`)
    .join('\n  ');
  const common = `
    root ${folder}/www;
    client_max_body_size 20m;
    location = /page.shtml { ssi on; ssi_types text/plain; }
    location = /connection { return 200 $connection/$connection_requests; }
    location = /broken { return 500 'broken'; }
    location /put/ { dav_methods PUT DELETE; }`;
  return `daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  ${temporary}
  access_log off;
  default_type text/plain;
  keepalive_timeout 1h;
  server {
    listen 127.0.0.1:${plain};
    listen 127.0.0.1:${tls} ssl;
    listen unix:${folder}/socket;
    ssl_certificate ${folder}/cert.pem;
    ssl_certificate_key ${folder}/key.pem;${common}
  }
  server { listen 127.0.0.1:${three}; keepalive_requests 3;${common}
  }
  server { listen 127.0.0.1:${second}; keepalive_timeout 1s;${common}
  }
  server { listen 127.0.0.1:${none}; keepalive_timeout 0;${common}
  }
}
`;
}

/** Free at the same time, so that they are different ones. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}

async function answersAt(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await sleep(10);
  }
}
