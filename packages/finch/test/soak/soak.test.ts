import { it } from 'vitest';
import { expectToPass } from './run-soak.ts';

it('ends every request once and in time, and leaves nothing behind, whatever dies', () =>
  expectToPass());
