/** Telling links and watches that a process has died. */
import type { Process } from '../process.ts';
import { Ring } from '../values/ring.ts';
import { linkDown } from './signals.ts';
import { notifyMonitors, notifyWatches } from './watch.ts';

const deaths = new Ring<Process>();
let announcing = false;

/**
 * Tells of a death: watches first, so that what the process held is free when links and monitors are
 * told; then links, then monitors, in the order of the BEAM, though its manual does not promise it.
 * Deaths that follow from it are queued, not nested: a chain of a hundred thousand linked processes
 * must not overflow the stack.
 */
export function announceDeath(process: Process): void {
  deaths.push(process);
  if (announcing) return;
  announcing = true;
  try {
    while (deaths.size > 0) {
      const dead = deaths.shift();
      const { pid, exitReason, links } = dead;
      notifyWatches(dead, exitReason);
      dead.links = undefined;
      for (const other of links ?? []) linkDown(other, pid, exitReason);
      notifyMonitors(dead, exitReason);
    }
  } finally {
    announcing = false;
  }
}
