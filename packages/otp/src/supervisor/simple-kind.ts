/** What a simple_one_for_one supervisor is asked: all children are started from one template. */
import { Pid, processOf } from '../process/pid.ts';
import { checkChildSpecs, Invalid, type FullFlags } from './check-spec.ts';
import type { FullChildSpec } from './child-record.ts';
import type { DynamicChildren, DynamicKind } from './dynamic-loop.ts';
import { thrownInSupervisor } from './start-child.ts';
import { granted, refused, type Answer, type Refused } from './supervisor-base.ts';

export class SimpleKind implements DynamicKind {
  readonly onThrown = thrownInSupervisor;
  readonly reportsFormerPid = true;
  #flags: FullFlags;
  #template: FullChildSpec;

  constructor(flags: FullFlags, template: FullChildSpec) {
    this.#flags = flags;
    this.#template = template;
  }

  get limits(): FullFlags {
    return this.#flags;
  }

  get settings(): Pick<FullFlags, 'strategy' | 'intensity' | 'period'> {
    const { strategy, intensity, period } = this.#flags;
    return { strategy, intensity, period };
  }

  answer(
    operation: unknown,
    [arg, raw]: readonly unknown[],
    children: DynamicChildren,
  ): Answer | Promise<Answer> | undefined {
    switch (operation) {
      case 'startChild':
        return Array.isArray(raw)
          ? children.startNew(this.#template, raw)
          : refused(['badarg', raw]);
      case 'terminateChild':
        return withPid(arg, (pid) =>
          children.has(pid) ? children.terminateChild(pid) : ifDead(pid, granted()),
        );
      case 'restartChild':
      case 'deleteChild':
        return refused('simple_one_for_one');
      case 'whichChild':
        return withPid(arg, (pid) => {
          const info = children.info(pid);
          return info === undefined ? refused('not_found') : granted(info);
        });
      case 'countChildren':
        return granted({ ...children.count(), specs: 1 });
      case 'getChildSpec':
        return withPid(arg, (pid) => {
          const template = granted(this.#template);
          return children.has(pid) ? template : ifDead(pid, template);
        });
      case 'changeSpecs':
        return this.#change(arg as { flags: FullFlags; specs: readonly unknown[] }, children);
      default:
        return undefined;
    }
  }

  #change(
    { flags, specs }: { flags: FullFlags; specs: readonly unknown[] },
    children: DynamicChildren,
  ): Answer {
    if (flags.strategy !== 'simple_one_for_one') {
      return refused(['error', ['invalid_strategy', flags.strategy]]);
    }
    const checked = checkChildSpecs(specs, flags.autoShutdown);
    if (checked instanceof Invalid) return refused(['error', checked.reason]);
    const [template] = checked;
    if (template === undefined || checked.length > 1) {
      return refused(['error', ['ok', [flags, specs]]]);
    }
    this.#flags = flags;
    this.#template = template;
    children.change({ spec: template });
    return granted();
  }
}

function withPid<A>(pid: unknown, use: (pid: Pid) => A): A | Refused {
  return Pid.isPid(pid) ? use(pid) : refused('simple_one_for_one');
}

/** OTP takes any dead pid for a former child; a live process that is no child is not found. */
function ifDead(pid: Pid, answer: Answer): Answer {
  return processOf(pid) === undefined ? answer : refused('not_found');
}
