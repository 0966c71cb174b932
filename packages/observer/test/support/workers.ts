/** Processes to look at. */
import { GenServer, noreply, reply, type ChildSpec } from '@linnet/otp';

/** A server whose state is a secret, and which crashes when it is told to. */
export const Worker = GenServer.define({
  name: 'Worker',
  init: (secret: string) => ({ secret, handled: 0 }),
  handleCall: {
    secret: (state) => reply(state.secret, state),
    echo: (state, value: string) => reply(value, { ...state, handled: state.handled + 1 }),
  },
  handleCast: {
    crash: (state, message: string) => {
      if (message !== '') throw new Error(message);
      return noreply(state);
    },
  },
});

export function worker(id: string, secret = 'top secret'): ChildSpec {
  return Worker.childSpec(secret, { id, name: id });
}
