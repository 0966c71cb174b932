/** Random machines without context, and actions that note what they were called with. */
import fc from 'fast-check';
import {
  cancel,
  createActor,
  createMachine,
  fromCallback,
  log,
  raise,
  sendTo,
  type AnyStateMachine,
} from 'xstate';

/** What a machine did, in order. */
export type Journal = string[];

/** Journals of plain actors, which have no `input` in their arguments. */
export const journals = new WeakMap<object, Journal>();

/** The journal of the plain actor whose constructor is running: nobody can know the actor yet. */
export const underConstruction: { journal: Journal | undefined } = { journal: undefined };

interface Args {
  readonly event: { readonly type: string };
  readonly self: {
    getSnapshot(): { value: unknown };
    send(event: object): void;
    /** The loop behind a live actor: xstate gives functions inside its own actions no input. */
    readonly host?: { readonly input: Input };
  };
  readonly input?: Input;
}

interface Input {
  readonly journal: Journal;
}

function journalOf(args: unknown): Journal {
  const { input, self } = args as Args;
  const known = input ?? self.host?.input;
  const journal = known?.journal ?? journals.get(self) ?? underConstruction.journal;
  if (journal === undefined) throw new Error('an action of an unknown machine');
  return journal;
}

function note(name: string, args: unknown, params?: unknown): void {
  const { event, self } = args as Args;
  const state = JSON.stringify(self.getSnapshot().value);
  journalOf(args).push(`${name} ${event.type} ${JSON.stringify(params)} ${state}`);
}

/** Machines that send themselves events for ever would never come to rest. */
const selfSends = 4;

function maySend(args: unknown): boolean {
  // No state here: xstate evaluates this before its actor has a snapshot.
  journalOf(args).push(`send ${(args as Args).event.type}`);
  return journalOf(args).filter((line) => line.startsWith('send ')).length <= selfSends;
}

/** An actor that ignores what it gets. */
const nobody = createActor(fromCallback(() => {})).start();

const implementations = {
  actions: {
    note: (args: unknown, params: unknown) => note('note', args, params),
    sendSelf: (args: unknown) => {
      if (maySend(args)) (args as Args).self.send({ type: 'E1' });
    },
    boom: (args: unknown) => {
      note('boom', args);
      throw new Error('boom');
    },
    raiseNamed: raise({ type: 'R2' }),
  },
  // Sums of these never coincide, so no two timers fall due at the same moment by chance.
  delays: { short: 10 * Math.SQRT2, computed: () => 10 * Math.sqrt(5) },
};

const externalEvents = ['E0', 'E1', 'E2', 'mouse.up', 'mouse.down.left'] as const;
const delays = [10 * Math.sqrt(3), 10 * Math.sqrt(7), 10 * Math.sqrt(11), 'short', 'computed'];
const ids = ['t1', 't2'];

const eventType = fc.constantFrom(...externalEvents);

const action: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(9).map((k) => ({ type: 'note', params: { k } })) },
  {
    weight: 1,
    arbitrary: fc.constant({
      type: 'note',
      params: ({ event }: Args) => ({ of: event.type }),
    }),
  },
  { weight: 1, arbitrary: fc.constant((args: unknown) => note('inline', args)) },
  { weight: 1, arbitrary: fc.constant('unimplemented') },
  { weight: 1, arbitrary: fc.constant('sendSelf') },
  { weight: 1, arbitrary: fc.constant('raiseNamed') },
  { weight: 1, arbitrary: fc.constantFrom('R1', 'E2').map((type) => raise({ type })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...delays), fc.constantFrom(...ids, undefined), eventType)
      .map(([delay, id, type]) => raise({ type }, { delay, id } as never)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...ids).map((id) =>
      raise(
        ({ event }: { event: { type: string } }) => ({ type: `E0`, cause: event.type }) as never,
        {
          id,
          delay: () => 10 * Math.sqrt(13),
        },
      ),
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom(...ids).map((id) => cancel(id)) },
  { weight: 1, arbitrary: fc.constantFrom(...ids).map((id) => cancel(() => id)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(eventType, fc.constantFrom(undefined, 10 * Math.sqrt(17)))
      .map(([type, delay]) =>
        sendTo(
          (args) => (maySend(args) ? args.self : nobody) as never,
          { type } as never,
          { id: 't1', delay } as never,
        ),
      ),
  },
  { weight: 1, arbitrary: fc.constant(log(({ event }: Args) => `log ${event.type}`, 'label')) },
);

const rarely = <T>(value: T): fc.Arbitrary<T | undefined> =>
  fc.oneof(
    { weight: 14, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant(value) },
  );

const actions = fc
  .tuple(fc.array(action, { maxLength: 3 }), rarely('boom'))
  .map(([list, boom]) => (boom === undefined ? list : [...list, boom]));

function transition(targets: readonly string[]): fc.Arbitrary<object> {
  return fc.record({
    target: fc.option(fc.constantFrom(...targets), { nil: undefined, freq: 5 }),
    actions,
    reenter: fc.boolean(),
  });
}

/** Everything of a state but its children. */
function behaviour(targets: readonly string[]): fc.Arbitrary<object> {
  const descriptor = fc.constantFrom(...externalEvents, 'R1', 'R2', 'mouse.*', '*');
  const some = fc.option(transition(targets), { nil: undefined, freq: 1 });
  return fc.record({
    entry: actions,
    exit: actions,
    on: fc.dictionary(descriptor, transition(targets), { maxKeys: 5 }),
    after: fc.dictionary(fc.constantFrom(...delays.map(String)), transition(targets), {
      maxKeys: 2,
    }),
    onDone: some,
  });
}

const always = (targets: readonly string[]) =>
  fc.option(
    transition(targets).map((each) => ({ ...each, reenter: false })),
    {
      nil: undefined,
      freq: 12,
    },
  );

/** Plans of a machine: which states have which children. */
const plan = fc.array(
  fc.record({
    kind: fc.constantFrom('atomic', 'atomic', 'compound', 'parallel', 'final'),
    children: fc.integer({ min: 1, max: 3 }),
    lastIsFinal: fc.boolean(),
  }),
  { minLength: 2, maxLength: 5 },
);

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

const idsOf = (states: Plan): string[] =>
  states.flatMap(({ kind, children }, i) =>
    kind === 'compound' || kind === 'parallel'
      ? [`#s${i}`, ...Array.from({ length: children }, (_, k) => `#s${i}c${k}`)]
      : [`#s${i}`],
  );

function stateOf(states: Plan, i: number, targets: string[]): fc.Arbitrary<object> {
  const { kind, children, lastIsFinal } = states[i] as Plan[number];
  const id = `s${i}`;
  if (kind === 'final' && i > 0) {
    return fc.record({
      id: fc.constant(id),
      type: fc.constant('final'),
      entry: actions,
      exit: actions,
    });
  }
  const own = fc.tuple(behaviour(targets), always(targets)).map(([rest, eventless]) => ({
    id,
    ...rest,
    ...(eventless === undefined ? undefined : { always: eventless }),
  }));
  if (kind !== 'compound' && kind !== 'parallel') {
    return own.map(({ ...rest }) => ({ ...rest, onDone: undefined }));
  }
  const inner = Array.from({ length: children }, (_, k) =>
    kind === 'compound' && lastIsFinal && k === children - 1 && k > 0
      ? fc.constant({ id: `${id}c${k}`, type: 'final' })
      : behaviour(targets).map((rest) => ({ id: `${id}c${k}`, ...rest, onDone: undefined })),
  );
  return fc.tuple(own, fc.tuple(...inner)).map(([rest, nested]) => ({
    ...rest,
    ...(kind === 'parallel' ? { type: 'parallel' } : { initial: 'c0' }),
    states: Object.fromEntries(nested.map((child, k) => [`c${k}`, child])),
  }));
}

/** A machine, and the same one with an error where the first would loop for ever. */
export interface RandomMachine {
  readonly machine: AnyStateMachine;
  readonly limited: AnyStateMachine;
}

/** A machine with states nested two levels deep. */
export const randomMachine: fc.Arbitrary<RandomMachine> = plan.chain((states) => {
  const targets = idsOf(states);
  return fc
    .tuple(
      fc.tuple(...states.map((_, i) => stateOf(states, i, targets))),
      fc.dictionary(eventType, transition(targets), { maxKeys: 1 }),
    )
    .map(([nodes, on]) => {
      const config = {
        id: 'random',
        initial: 's0',
        on,
        states: Object.fromEntries(nodes.map((node, i) => [`s${i}`, node])),
      };
      const create = (more: object): AnyStateMachine =>
        createMachine({ ...config, ...more } as never, implementations as never);
      return { machine: create({}), limited: create({ options: { maxIterations: 40 } }) };
    });
});

/** What happens to a machine: an event, or time that passes. */
export type Move = { readonly event: string } | { readonly wait: number };

export const walk: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(...externalEvents, 'unknown').map((event) => ({ event })),
    },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }).map((wait) => ({ wait })) },
  ),
  { minLength: 8, maxLength: 25 },
);
