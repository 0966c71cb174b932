import { describe, expect, test } from 'vitest';
import {
  boolean,
  custom,
  duration,
  finiteDuration,
  integer,
  invalid,
  limit,
  nested,
  oneOf,
  optionMessage,
  required,
  schemaDefiner,
  someOf,
  string,
  type OptionProblem,
} from '../../src/options/index.ts';

class PumpError extends Error {
  readonly problem: OptionProblem;

  constructor(problem: OptionProblem) {
    super(optionMessage(problem));
    this.problem = problem;
  }
}

const defineSchema = schemaDefiner((problem) => new PumpError(problem));

const valve = defineSchema('valve options', {
  width: integer({ min: 1, max: 9, default: 3, doc: 'How wide it is.' }),
  closeTimeout: duration({ default: 500, doc: 'How long it may take to close.' }),
});

const pump = defineSchema(
  'pump options',
  {
    name: required(string({ doc: 'What it is called.' })),
    speed: limit({ min: 0, default: 'infinity', doc: 'The cap on its speed.' }),
    mode: oneOf(['push', 'pull', false], { default: 'push', doc: 'What it does.' }),
    tools: someOf(['oil', 'rag'], { default: ['oil'], doc: 'What it comes with.' }),
    pause: finiteDuration({ min: 1, doc: 'Between two strokes.' }),
    isLoud: boolean({ default: false, doc: 'Whether it is heard.' }),
    pin: custom<number>({
      doc: 'What unlocks it.',
      type: 'number',
      allowed: 'an even number',
      secret: true,
      parse: (value) => (typeof value === 'number' && value % 2 === 0 ? value : invalid),
    }),
    valve: nested(valve, { doc: 'Its valve.' }),
  },
  ({ speed, isLoud }, path) => {
    if (isLoud && speed === 0) throw new TypeError(`${path}isLoud without speed`);
  },
  { velocity: 'speed', colour: 'It belongs to the paint shop' },
);

function problemOf(run: () => unknown): PumpError {
  try {
    run();
  } catch (error) {
    if (error instanceof PumpError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a schema', () => {
  test('fills in defaults, of nested options too', () => {
    expect(pump.parse({ name: 'a', valve: { width: 4 } })).toEqual({
      name: 'a',
      speed: 'infinity',
      mode: 'push',
      tools: ['oil'],
      pause: undefined,
      isLoud: false,
      pin: undefined,
      valve: { width: 4, closeTimeout: 500 },
    });
    expect(pump.parse({ name: 'a' }).valve).toBe(valve.defaults);
  });

  test('takes an option that is undefined for one that is absent', () => {
    expect(pump.parse({ name: 'a', mode: undefined }).mode).toBe('push');
  });

  test('freezes what it has checked, and does not check that again', () => {
    const options = pump.parse({ name: 'a' });
    expect(Object.isFrozen(options)).toBe(true);
    expect(pump.parse(options)).toBe(options);
    expect(pump.read(options)).toBe(options);
    expect(valve.parse(undefined)).toBe(valve.defaults);
    expect(() => pump.parse({ ...options, speed: -1 })).toThrow(PumpError);
  });

  test('reads options for one use without freezing them', () => {
    expect(Object.isFrozen(valve.read({ width: 1 }))).toBe(false);
    expect(valve.read(undefined)).toBe(valve.defaults);
  });

  test('checks what is given without adding to it', () => {
    expect(pump.given({ speed: 3, mode: undefined })).toEqual({ speed: 3 });
    expect(pump.given(undefined)).toEqual({});
    expect(() => pump.given({ speed: -1 })).toThrow(PumpError);
    expect(() => pump.given(null)).toThrow(PumpError);
  });

  test('makes the check over several options last, with the path of the object', () => {
    expect(() => pump.parse({ name: 'a', isLoud: true, speed: 0 }, 'left.')).toThrow(
      new TypeError('left.isLoud without speed'),
    );
  });

  test('takes no property of Object.prototype for an option', () => {
    expect(problemOf(() => valve.parse({ toString: 1 })).message).toContain('Unknown option');
    expect(problemOf(() => valve.parse({ constructor: 1 })).message).toContain('Unknown option');
  });
});

describe('the error of a schema', () => {
  test('names the option, the value and what is allowed', () => {
    expect(problemOf(() => valve.parse({ width: 'x' }, 'pump.')).message).toBe(
      'Invalid value of the option pump.width in the valve options: "x". Allowed: an integer from 1 to 9.',
    );
  });

  test.each<[object, string]>([
    [{ wdth: 1 }, 'width'],
    [{ widht: 1 }, 'width'],
    [{ close_timeout: 1 }, 'closeTimeout'],
    [{ clos: 1 }, 'closeTimeout'],
  ])('suggests for %o the option %s', (options, meant) => {
    expect(problemOf(() => valve.parse(options)).problem.suggestion).toBe(meant);
  });

  test('suggests an option of another level by its path, and under the path of the object', () => {
    const { problem } = problemOf(() => pump.parse({ name: 'a', closeTimeout: 1 }));
    expect(problem.suggestion).toBe('valve.closeTimeout');
    const inside = problemOf(() => pump.parse({ name: 'a', valve: { wdth: 1 } }));
    expect(inside.problem).toMatchObject({ option: 'valve.wdth', suggestion: 'valve.width' });
  });

  test('says which option a foreign name means, or where it belongs', () => {
    const velocity = problemOf(() => pump.parse({ name: 'a', velocity: 1 }));
    expect(velocity.message).toContain('Did you mean speed?');
    const colour = problemOf(() => pump.parse({ name: 'a', colour: 'red' }));
    expect(colour.message).toContain('It belongs to the paint shop.');
  });

  test('asks for what is required', () => {
    expect(problemOf(() => pump.parse({})).message).toBe(
      'The option name is required in the pump options (given: undefined). Allowed: a string that is not empty.',
    );
  });

  test('hides secrets, and unknown options beside which there may be one', () => {
    expect(problemOf(() => pump.parse({ name: 'a', pin: 4711 })).message).not.toContain('4711');
    expect(problemOf(() => pump.parse({ name: 'a', pim: 4711 })).message).not.toContain('4711');
  });

  test.each([null, 3, 'x', []])('refuses %o in place of an object', (input) => {
    expect(problemOf(() => valve.parse(input)).problem).toMatchObject({
      option: 'valve options',
      allowed: 'an object of options',
    });
  });
});

describe('the kinds of options', () => {
  test.each<[string, object, string]>([
    ['speed', { speed: 0.5 }, "an integer >= 0 or 'infinity'"],
    ['mode', { mode: true }, "'push', 'pull' or false"],
    ['tools', { tools: [] }, "a list of at least one of 'oil', 'rag', each at most once"],
    [
      'tools',
      { tools: ['rag', 'rag'] },
      "a list of at least one of 'oil', 'rag', each at most once",
    ],
    ['pause', { pause: 0 }, 'an integer from 1 to 2147483647'],
    ['isLoud', { isLoud: 1 }, 'true or false'],
    ['name', { name: 'a\0b' }, 'a string that is not empty'],
    [
      'valve.closeTimeout',
      { valve: { closeTimeout: 2 ** 31 } },
      "an integer from 0 to 2147483647 (ms) or 'infinity'",
    ],
  ])('say of %s in %o what is allowed', (option, options, allowed) => {
    const { problem } = problemOf(() => pump.parse({ name: 'a', ...options }));
    expect(problem).toMatchObject({ option, allowed });
  });
});
