import { it } from 'vitest';
import { expectToPass } from './run-soak.ts';

it.concurrent.each(['fetch', 'dispatcher', 'agent'])(
  'ends every request through %s once and in time, and leaves nothing behind',
  (client) => expectToPass('--client', client),
);
