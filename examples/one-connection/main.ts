/**
 *     node --conditions=@linnet/source examples/one-connection/main.ts https://example.com/
 */
import { isMintError } from '@linnet/mint';
import { probe } from './probe.ts';

const [, , given = 'http://localhost:8080/'] = process.argv;
try {
  for await (const line of probe(new URL(given))) console.log(line);
} catch (error) {
  if (!isMintError(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
