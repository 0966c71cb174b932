/** What is said of why a connection ended. */

/** How long an idle connection is kept whose server allows no requests, in ms: then another one is tried. */
export const blockedTime = 1000;

/** The exit reason in one word. */
export function endOf(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  const { shutdown } = (reason ?? {}) as { shutdown?: unknown };
  return typeof shutdown === 'string' ? shutdown : 'crashed';
}

/** The exit reason in words. */
export function describeEnd(reason: unknown): string {
  if (reason === 'ping_timeout') return reason;
  if (typeof reason === 'string') return `its process ended: ${reason}`;
  const { shutdown } = (reason ?? {}) as { shutdown?: unknown };
  return typeof shutdown === 'string' ? shutdown : 'its process ended';
}
