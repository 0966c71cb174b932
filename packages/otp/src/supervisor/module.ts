/** What the definitions of both kinds of supervisors have in common. */
import { idOf, splitOverrides } from '../process/start/child-options.ts';
import type {
  ChildSpec,
  ChildSpecOverrides,
  Ignore,
  Startable,
} from '../process/start/child-spec.ts';
import type { NameOption } from '../process/names/server-ref.ts';
import type { ModuleArgs } from './types.ts';

interface Module<Arg, Started extends Startable | Ignore> {
  readonly name: string;
  startLink(...args: ModuleArgs<Arg, { readonly name?: NameOption }>): Promise<Started>;
  childSpec(
    ...args: ModuleArgs<Arg, { readonly name?: NameOption } & ChildSpecOverrides>
  ): ChildSpec<Started>;
}

/**
 * The module of a definition. One that was given no name is called `kind`, and is the id of its
 * own children: two such definitions under one supervisor are two children.
 */
export function supervisorModule<Arg, Started extends Startable | Ignore>(
  given: string | undefined,
  kind: string,
  start: (arg: Arg, name: NameOption | undefined) => Promise<Started>,
): Module<Arg, Started> {
  const module: Module<Arg, Started> = {
    name: given ?? kind,
    startLink: (...args) => start(args[0] as Arg, args[1]?.name),
    childSpec: (...args) => {
      const [overrides, { name }] = splitOverrides(args[1] ?? {});
      return {
        id: idOf(name) ?? given ?? module,
        start: () => start(args[0] as Arg, name),
        type: 'supervisor',
        ...overrides,
      };
    },
  };
  return Object.freeze(module);
}
