/**
 * Messages of the runtime that are no plain data, as they travel to another node: a kind, and what is
 * in them.
 */
import { BadArgumentError } from '../process/errors.ts';
import { Cast, isRequest } from './messages.ts';
import { SystemMessage, type SystemRequest } from './system.ts';

/** What of such a message travels. */
export interface Envelope {
  readonly kind: 'cast' | 'system';
  readonly content: unknown;
}

/** The envelope of a message, or of the request of a call; undefined for what travels as it is. */
export function envelopeOf(message: unknown): Envelope | undefined {
  const cast = Cast.of(message);
  if (cast !== undefined) return { kind: 'cast', content: cast.request };
  const system = SystemMessage.requestOf(message);
  return system === undefined ? undefined : { kind: 'system', content: system };
}

/**
 * The message in an envelope.
 * @throws {BadArgumentError} for what is in none.
 */
export function openEnvelope({ kind, content }: Envelope): unknown {
  if (kind === 'cast' && isRequest(content)) return new Cast(content);
  if (kind === 'system' && isSystemRequest(content)) return new SystemMessage(content);
  throw new BadArgumentError('envelope', kind, "'cast' or 'system', with what belongs into it");
}

/** Those that carry a function do not travel. */
function isSystemRequest(value: unknown): value is SystemRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { operation } = value as Partial<SystemRequest>;
  return (
    operation === 'getState' ||
    operation === 'suspend' ||
    operation === 'resume' ||
    operation === 'terminate' ||
    // To end a trace; a listener cannot travel.
    (operation === 'trace' && (value as { readonly listener?: unknown }).listener === undefined)
  );
}
