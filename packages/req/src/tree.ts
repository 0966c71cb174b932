/** The processes that clients need: a Finch instance, circuit breakers, rate limits, under one supervisor. */
import { Finch, type InstanceOptions } from '@linnet/finch';
import {
  DynamicSupervisor,
  Registry,
  splitOverrides,
  Supervisor,
  type ChildSpec,
  type ChildSpecOverrides,
  type SupervisorHandle,
} from '@linnet/otp';
import { ReqOptionsError } from './errors/index.ts';
import { GuardManager } from './guards/manager.ts';
import { finchName, guardsName, managerName, registryName } from './guards/names.ts';

/** The options of a tree. */
export interface TreeOptions {
  /** The name of the tree, for the option `supervisor` of clients. Default `'Req'`. */
  readonly name?: string;
  /** The options of its Finch instance; `false` for none, when clients name another one. */
  readonly finch?: Omit<InstanceOptions, 'name'> | false;
}

/** The specification of a tree as a child. @throws ReqOptionsError, and OptionsError of Finch */
export function treeChildSpec(
  options: TreeOptions & ChildSpecOverrides = {},
): ChildSpec<SupervisorHandle> {
  const [overrides, own] = splitOverrides(options);
  const { name = 'Req', finch = {}, ...others } = own;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    const value: unknown = (others as Record<string, unknown>)[unknown];
    throw new ReqOptionsError({
      option: unknown,
      value,
      problem: 'unknown',
      allowed: 'name, finch',
    });
  }
  if (typeof name !== 'string' || name === '') {
    throw new ReqOptionsError({
      option: 'name',
      value: name,
      allowed: 'a string that is not empty',
    });
  }
  const client = finch === false ? [] : [Finch.childSpec({ ...finch, name: finchName(name) })];
  return {
    id: name,
    type: 'supervisor',
    start: () =>
      Supervisor.startLink(
        [
          ...client,
          Registry.childSpec({ name: registryName(name), keys: 'unique' }),
          DynamicSupervisor.childSpec({ name: guardsName(name) }),
          GuardManager.childSpec(name, { name: managerName(name) }),
        ],
        { strategy: 'rest_for_one', name },
      ),
    ...overrides,
  };
}
