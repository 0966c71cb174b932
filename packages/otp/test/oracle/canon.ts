/** The canonical form of a recorded or played trace, and a comparer. */
import type { Json, TraceEvent } from './json.ts';
import type { Child, Scenario, Step, Sup } from './scenario.ts';

/** What a player records of one scenario. */
export interface RawTrace {
  readonly id: number;
  readonly start: Json;
  readonly start_events: readonly TraceEvent[];
  readonly start_tree: Json;
  readonly steps: ReadonlyArray<RawSection & { readonly i: number; readonly op: string }>;
  readonly final: RawSection | null;
  readonly root_exit: Json;
  readonly orphans: readonly string[];
}

export interface RawSection {
  readonly events: readonly TraceEvent[];
  readonly result?: Json;
  readonly tree?: Json;
}

type Section = { [key: string]: unknown };

/** Which supervisor each name belongs to, and the kinds of the supervisors. */
export function staticInfo(scenario: Scenario): {
  parent: Map<string, string | null>;
  kind: Map<string, string>;
} {
  const parent = new Map<string, string | null>([[scenario.root.name, null]]);
  const kind = new Map<string, string>();
  const addSup = (sup: Sup): void => {
    kind.set(sup.name, sup.kind);
    for (const child of sup.children ?? []) addChild(sup.name, child);
  };
  const addChild = (sup: string, child: Child): void => {
    if (child.sup !== undefined) {
      parent.set(child.sup.name, sup);
      addSup(child.sup);
    } else if (child.worker !== undefined) {
      parent.set(child.name ?? child.id ?? 'noid', sup);
    }
  };
  const visit = (step: Step): void => {
    if (step.op === 'start_child') {
      if (step.spec === undefined) parent.set(step.name as string, step.sup as string);
      else addChild(step.sup as string, step.spec);
    }
    for (const call of step.calls ?? []) visit(call);
  };
  addSup(scenario.root);
  for (const step of scenario.steps) visit(step);
  return { parent, kind };
}

const nameOf = (who: string): string => who.slice(0, who.lastIndexOf('#'));

/**
 * A step's events have one order, unless a supervisor died by `killed` with children, or one of a
 * parallel kind stopped two or more children. Such a step is `partial`: its events are grouped by
 * the incarnation of their parent, and in the groups of those supervisors ends are sorted.
 */
export function canonTrace(scenario: Scenario, trace: RawTrace): Json {
  const { parent, kind } = staticInfo(scenario);
  const lastIncarnation = new Map<string, string>();
  const parents = new Map<string, string>();
  const note = ([type, who]: TraceEvent): void => {
    const name = nameOf(who);
    if (type === 'begin') lastIncarnation.set(name, who);
    if (parents.has(who)) return;
    const sup = parent.get(name);
    parents.set(
      who,
      sup === null || sup === undefined ? '-' : (lastIncarnation.get(sup) ?? `${sup}#0`),
    );
  };
  const parentOf = (who: string): string => parents.get(who) as string;

  /** The supervisors whose children ended in no particular order. */
  const looseIn = (events: readonly TraceEvent[]): Set<string> => {
    const ended = new Map<string, Json>();
    const childEnds = new Map<string, Set<string>>();
    for (const event of events) {
      const [type, who, reason] = event;
      if (type === 'exit' && kind.has(nameOf(who))) ended.set(who, reason as Json);
      if (!isEnd(event)) continue;
      const ends = childEnds.get(parentOf(who)) ?? new Set();
      childEnds.set(parentOf(who), ends.add(who));
    }
    const loose = new Set<string>();
    for (const [who, reason] of ended) {
      const children = childEnds.get(who)?.size ?? 0;
      const parallel = kind.get(nameOf(who)) !== 'static' && children >= 2;
      if ((reason === 'killed' && children >= 1) || parallel) loose.add(who);
    }
    return loose;
  };

  const section = (raw: RawSection | null): Section | null => {
    if (raw === null) return null;
    const { events, ...rest } = raw;
    for (const event of events) note(event);
    const loose = looseIn(events);
    if (loose.size === 0) return { ...rest, order: 'total', events };
    const groups: Record<string, TraceEvent[]> = {};
    for (const event of events) (groups[parentOf(event[1])] ??= []).push(event);
    for (const who of Object.keys(groups)) {
      if (loose.has(who)) groups[who] = sortRuns(groups[who] as TraceEvent[]);
    }
    const sorted = Object.keys(groups).toSorted();
    return {
      ...rest,
      order: 'partial',
      groups: Object.fromEntries(sorted.map((who) => [who, groups[who]])),
    };
  };

  const boot = section({ events: trace.start_events });
  return {
    id: trace.id,
    class: scenario.class,
    start: trace.start,
    boot: { ...boot, tree: trace.start_tree },
    steps: trace.steps.map(section),
    final: section(trace.final),
    root_exit: trace.root_exit,
    orphans: trace.orphans,
  } as Json;
}

const isEnd = ([type]: TraceEvent): boolean => type === 'exit' || type === 'terminate';

/** Sorts runs of adjacent ends by process, its terminate before its exit. */
function sortRuns(events: readonly TraceEvent[]): TraceEvent[] {
  const sorted: TraceEvent[] = [];
  let run: TraceEvent[] = [];
  const key = ([type, who]: TraceEvent): string => `${who}|${type === 'terminate' ? 0 : 1}`;
  const flush = (): void => {
    sorted.push(...run.toSorted((a, b) => compare(key(a), key(b))));
    run = [];
  };
  for (const event of events) {
    if (isEnd(event)) {
      run.push(event);
    } else {
      flush();
      sorted.push(event);
    }
  }
  flush();
  return sorted;
}

export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** The first difference, or null. */
export function diffTraces(expected: unknown, actual: unknown, path = ''): Difference | null {
  if (expected === actual) return null;
  if (!isContainer(expected) || !isContainer(actual)) return { path, expected, actual };
  if (Array.isArray(expected) !== Array.isArray(actual)) return { path, expected, actual };
  const array = Array.isArray(expected);
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const step = array ? `[${key}]` : `.${key}`;
    const difference = diffTraces(
      (expected as Section)[key],
      (actual as Section)[key],
      `${path}${step}`,
    );
    if (difference !== null) return difference;
  }
  return null;
}

const isContainer = (value: unknown): value is object =>
  typeof value === 'object' && value !== null;

/** What a player records of one scenario of links, monitors and exit signals. */
export interface SignalsTrace {
  readonly id: number;
  readonly steps: ReadonlyArray<{
    readonly i: number;
    readonly op: string;
    readonly result: Json;
    readonly exits: readonly Json[];
    readonly msgs: { readonly [process: string]: readonly Json[] };
    readonly links: { readonly [process: string]: readonly string[] };
  }>;
}

/** Messages and exits of one step are sets. */
export function canonSignals(trace: SignalsTrace): Json {
  const sort = (values: readonly Json[]): Json[] =>
    values.toSorted((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
  const sortAll = (messages: { readonly [process: string]: readonly Json[] }): Json =>
    Object.fromEntries(Object.entries(messages).map(([who, values]) => [who, sort(values)]));
  return {
    id: trace.id,
    steps: trace.steps.map((step) => ({
      ...step,
      exits: sort(step.exits),
      msgs: sortAll(step.msgs),
    })),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
