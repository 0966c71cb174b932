/** How nginx is run, and what all of its configurations have. */
import type { Folder, ProgramOptions } from '../program.ts';

/** What runs nginx in a folder, to which its configuration is written. */
export function nginxIn(folder: Folder, configuration: string): Pick<ProgramOptions, 'command'> {
  const file = folder.write('nginx.conf', configuration);
  return { command: ['nginx', '-p', folder.path, '-c', file, '-e', folder.at('error.log')] };
}

/** The configuration with these directives at its top, and these in the block of HTTP, with the certificate in the folder. */
export function nginxConfiguration(folder: Folder, top: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${folder.at(what)};`)
    .join('\n  ');
  return `daemon off;
${top}
pid ${folder.at('pid')};
error_log ${folder.at('error.log')};
events { worker_connections 256; }
http {
  ${temporary}
  access_log off;
  default_type text/plain;
  keepalive_timeout 1h;
  keepalive_requests 1000000;
  ssl_certificate ${folder.at('server.crt')};
  ssl_certificate_key ${folder.at('server.key')};
  ${http}
}
`;
}

/** What all servers have: files, and `/origin/` without buffers in between. */
export function nginxFiles(www: string, origin: number): string {
  return `
    root ${www};
    client_max_body_size 100m;
    location /origin/ {
      proxy_pass http://127.0.0.1:${origin}/;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
    }`;
}
