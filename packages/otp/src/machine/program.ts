/** What a transition does, as a flat program: actions in order, then their effects in order. */
import type { EventObject } from 'xstate';

/**
 * One step of the action phase: a custom action, a log, or the reading of values that an effect
 * needs and that only this process knows (a delay function, an event function).
 */
export class ActionOp {
  /** The event that it is called with; undefined: the one that started the transition. */
  readonly event: EventObject | undefined;
  readonly run: (args: never, params: unknown) => unknown;
  readonly params: unknown;
  /** Whether `params` is a function of `{ context, event }`. */
  readonly computedParams: boolean;
  /** Where an effect finds what `run` returned; -1 when there is none. */
  readonly slot: number;
  /** What is done with what `run` returned, if that is not an effect. */
  readonly write: ((args: never, value: unknown) => void) | undefined;

  constructor(template: ActionTemplate, event: EventObject | undefined, slot: number) {
    this.event = event;
    this.run = template.run;
    this.write = template.write;
    this.params = template.params;
    this.computedParams = typeof template.params === 'function';
    this.slot = slot;
  }

  /** An action of the user, and not a function that one of xstate's own actions is given. */
  get custom(): boolean {
    return this.slot < 0 && this.write === undefined;
  }
}

/** What an effect does after the state has changed; xstate defers these. */
export type EffectKind = 'arm' | 'cancel' | 'update' | 'send';

/** What an effect acts with. */
export interface EffectValues {
  readonly id?: string | undefined;
  readonly delay?: number | undefined;
  readonly event?: EventObject | undefined;
  readonly to?: unknown;
}

/** One step of the effect phase; its values are known, or were put into a slot. */
export class Effect {
  readonly kind: EffectKind;
  readonly values: EffectValues | undefined;
  readonly slot: number;

  constructor(kind: EffectKind, values: EffectValues | undefined, slot: number) {
    this.kind = kind;
    this.values = values;
    this.slot = slot;
  }
}

/** An action of a machine's definition, before it is known by which event it runs. */
export interface ActionTemplate {
  readonly run: (args: never, params: unknown) => unknown;
  readonly params: unknown;
  /** The effect that uses what `run` returns. */
  readonly effect: EffectKind | undefined;
  readonly write?: (args: never, value: unknown) => void;
}

/** An effect whose values do not depend on the process. */
export interface EffectTemplate {
  readonly effect: EffectKind;
  readonly values: EffectValues;
}

export type Template = ActionTemplate | EffectTemplate;

/** The program of a transition. */
export interface Program {
  readonly actions: readonly ActionOp[];
  readonly effects: readonly Effect[];
  /** How many values the actions leave for the effects. */
  readonly slots: number;
}

/** Puts templates, in the order in which xstate runs them, into a program. */
export function assemble(
  steps: readonly { readonly template: Template; readonly event: EventObject | undefined }[],
): Program {
  const actions: ActionOp[] = [];
  const effects: Effect[] = [];
  let slots = 0;
  for (const { template, event } of steps) {
    if ('values' in template) {
      effects.push(new Effect(template.effect, template.values, -1));
    } else if (template.effect === undefined) {
      actions.push(new ActionOp(template, event, -1));
    } else {
      actions.push(new ActionOp(template, event, slots));
      effects.push(new Effect(template.effect, undefined, slots));
      slots++;
    }
  }
  return { actions, effects, slots };
}
