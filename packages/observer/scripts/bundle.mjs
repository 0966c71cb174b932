/**
 * Bundles the page into dist/app, where the handler reads it. The root's `prepare` runs it, and so do
 * `npm start` and `npm test`: it takes a tenth of a second.
 */
import { build } from 'esbuild';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const app = join(root, 'app');
const output = join(root, 'dist/app');

await mkdir(output, { recursive: true });
await build({
  entryPoints: { app: join(app, 'main.ts'), style: join(app, 'app.css') },
  outdir: output,
  entryNames: 'app',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  // The licences of what is in the bundle.
  legalComments: 'eof',
  logLevel: 'warning',
});
for (const file of ['index.html', 'icon.svg']) await copyFile(join(app, file), join(output, file));
