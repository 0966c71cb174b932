import { spawn, receive, exit } from '@linnet/otp';
import { expect, onTestFinished, test } from 'vitest';
import { pidOf } from '../../src/collect/pids.ts';

test('finds a live process of this node by its pid, in full or in short', () => {
  const pid = spawn(async () => void (await receive()));
  onTestFinished(() => exit(pid, 'kill'));
  for (const text of [String(pid), `0.${pid.id}.0`, String(pid.id)]) expect(pidOf(text)).toBe(pid);
});

test('finds none for a pid of another node, of the dead, and for what is no pid', () => {
  const pid = spawn(async () => void (await receive()));
  onTestFinished(() => exit(pid, 'kill'));
  const texts = [
    `#PID<other@10.0.0.1.${pid.id}.7>`,
    `other@10.0.0.1.${pid.id}.7`,
    '#PID<0.99999999.0>',
    '99999999',
    '',
    'constructor',
    '<script>',
    `${'9'.repeat(5000)}`,
    `${'1.'.repeat(2000)}x`,
  ];
  for (const text of texts) expect(pidOf(text)).toBeUndefined();
});
