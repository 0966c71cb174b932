/** What a DynamicSupervisor is asked: each child has a specification of its own. */
import type { Pid } from '../process/pid.ts';
import type { DynamicFlags } from './check-dynamic.ts';
import type { FullChildSpec } from './child-record.ts';
import type { DynamicChildren, DynamicKind } from './dynamic-loop.ts';
import { thrownInDynamicSupervisor } from './start-child.ts';
import { granted, refused, type Answer } from './supervisor-base.ts';

export class OwnSpecsKind implements DynamicKind {
  readonly onThrown = thrownInDynamicSupervisor;
  readonly reportsFormerPid = false;
  #flags: DynamicFlags;

  constructor(flags: DynamicFlags) {
    this.#flags = flags;
  }

  get limits(): DynamicFlags {
    return this.#flags;
  }

  get settings(): DynamicKind['settings'] & { readonly maxChildren: number } {
    const { intensity, period, maxChildren } = this.#flags;
    return { strategy: 'one_for_one', intensity, period, maxChildren };
  }

  answer(
    operation: unknown,
    [arg]: readonly unknown[],
    children: DynamicChildren,
  ): Answer | Promise<Answer> | undefined {
    switch (operation) {
      case 'startDynamicChild':
        return children.size < this.#flags.maxChildren
          ? children.startNew(arg as FullChildSpec, this.#flags.extraArguments)
          : refused('max_children');
      case 'terminateChild':
        return children.has(arg as Pid)
          ? children.terminateChild(arg as Pid)
          : refused('not_found');
      case 'countChildren':
        return granted(children.count());
      case 'changeOptions':
        this.#flags = arg as DynamicFlags;
        children.change({ args: this.#flags.extraArguments });
        return granted();
      default:
        return undefined;
    }
  }
}
