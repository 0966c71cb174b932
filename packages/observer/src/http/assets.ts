/** The files of the page, as they were bundled. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { answer, refuse } from './answers.ts';

const types: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** The same folder from the sources and from the build, which lie beside each other. */
const folder = new URL('../../dist/app/', import.meta.url);

interface Asset {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer>;
}

export class Assets {
  readonly #read = new Map<string, Promise<Asset>>();

  /** Undefined when there is no such file. */
  async get(name: string, acceptsGzip: boolean): Promise<Response | undefined> {
    const type = types[name];
    if (type === undefined) return undefined;
    let reading = this.#read.get(name);
    if (reading === undefined) this.#read.set(name, (reading = read(name)));
    try {
      const { plain, gzip } = await reading;
      const headers = { vary: 'accept-encoding', 'cache-control': 'no-cache' };
      return acceptsGzip
        ? answer(gzip, type, 200, { ...headers, 'content-encoding': 'gzip' })
        : answer(plain, type, 200, headers);
    } catch {
      this.#read.delete(name);
      return refuse(503, 'the page is not built: run "npm run bundle -w @linnet/observer"');
    }
  }
}

async function read(name: string): Promise<Asset> {
  const plain = new Uint8Array(await readFile(new URL(name, folder)));
  return { plain, gzip: new Uint8Array(gzipSync(plain)) };
}
