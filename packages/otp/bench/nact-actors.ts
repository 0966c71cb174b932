/** One nact system for a benchmark process, and its actors, typed. */
import { spawn, start, type ActorFunc, type ActorProps, type ActorSystemRef, type Ref } from 'nact';

const system = start();

let spawned = 0;

/** An actor of the system. The names that nact makes up collide now and then, so it gets one. */
export function spawnActor<State, Message>(
  handle: ActorFunc<State, Message, ActorSystemRef>,
  properties?: ActorProps<State, Message, ActorSystemRef>,
): Ref<Message> {
  return spawn<ActorSystemRef, typeof handle>(system, handle, `a${spawned++}`, properties);
}
