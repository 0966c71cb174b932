/**
 * Children that move to another node. The old node asks the child what to hand over, ends it, and tells
 * the new node; until that one says that the child runs there, the old node answers for it, and starts it
 * again if the new node cannot, or is gone.
 */
import type { Pid } from '@linnet/otp';
import { sendable } from '../codec/sendable.ts';
import type { ClusterChild, ClusterChildModule } from './cluster-child.ts';

/** A child on its way. */
export interface Move {
  readonly child: ClusterChild;
  readonly to: string;
  readonly handedOver: unknown;
}

export class Moves {
  readonly #byId = new Map<string, Move>();

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  begin(move: Move): void {
    this.#byId.set(move.child.id, move);
  }

  /** Takes a move out: its child runs there, or could not be started. */
  end(id: string, to: string): Move | undefined {
    const move = this.#byId.get(id);
    if (move?.to !== to) return undefined;
    this.#byId.delete(id);
    return move;
  }

  /** Takes out the moves to a node that is gone. */
  takeNode(to: string): Move[] {
    const moves = [...this.#byId.values()].filter((move) => move.to === to);
    for (const { child } of moves) this.#byId.delete(child.id);
    return moves;
  }
}

/** What a child hands over; undefined when it has nothing, or does not say so in time. */
export async function handedOverBy(
  module: ClusterChildModule | undefined,
  pid: Pid,
  timeoutMs: number,
): Promise<unknown> {
  if (module?.handOff === undefined) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    const handedOver: unknown = await Promise.race([module.handOff(pid), late]);
    sendable(handedOver, 'handed over');
    return handedOver;
  } catch {
    // It moves without: that it is down for a while is what its supervisor is for.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
