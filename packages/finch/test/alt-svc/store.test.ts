import { describe, expect, test } from 'vitest';
import { AlternativeServices } from '../../src/alt-svc/store.ts';

const origin = 'https://a.example:443';
const minute = 60_000;
const day = 86_400_000;

function store(limit?: number) {
  const clock = { now: 0 };
  const services = new AlternativeServices(() => clock.now, limit);
  const learn = (field: string, age = 0) => services.learn(origin, 'a.example', field, age);
  const find = () => services.find(origin)?.authority;
  const require = () => {
    const found = services.find(origin);
    if (found === undefined) throw new Error('no alternative');
    return found;
  };
  return { clock, services, learn, find, require };
}

describe('the alternative services of an instance', () => {
  test('are used for as long as the origin said, 24 hours by default', () => {
    const { clock, learn, find } = store();
    expect(find()).toBeUndefined();
    learn('h3=":443"');
    expect(find()).toBe('a.example:443');
    clock.now = day - 1;
    expect(find()).toBe('a.example:443');
    clock.now = day;
    expect(find()).toBeUndefined();
    learn('h3=":443"; ma=60');
    clock.now = day + minute;
    expect(find()).toBeUndefined();
  });

  test('are older by the age of the response', () => {
    const { clock, learn, find } = store();
    learn('h3=":443"; ma=60', 30);
    clock.now = 29_999;
    expect(find()).toBe('a.example:443');
    clock.now = 30_000;
    expect(find()).toBeUndefined();
    learn('h3=":443"; ma=60', 90);
    expect(find()).toBeUndefined();
  });

  test('are new again with each field, the same one included', () => {
    const { clock, learn, find } = store();
    learn('h3=":443"; ma=60');
    clock.now = 50_000;
    learn('h3=":443"; ma=60');
    clock.now = 100_000;
    expect(find()).toBe('a.example:443');
  });

  test('are replaced by each new field, void with `clear` or without HTTP/3, and stay with nonsense', () => {
    const { learn, find } = store();
    learn('h3=":1", h3=":2"');
    learn('h3="[::1]:3"');
    expect(find()).toBe('[::1]:3');
    learn('nonsense');
    expect(find()).toBe('[::1]:3');
    learn('h2=":443"');
    expect(find()).toBeUndefined();
    learn('h3=":1"');
    learn('clear');
    expect(find()).toBeUndefined();
  });

  test('belong to their origin', () => {
    const { services, learn } = store();
    learn('h3=":443"');
    expect(services.find('https://a.example:8443')).toBeUndefined();
    expect(services.find('https://b.example:443')).toBeUndefined();
    const found = services.find(origin);
    services.learn('https://b.example:443', 'b.example', 'h3="a.example:443"', 0);
    if (found !== undefined) services.failed('https://b.example:443', found);
    expect(services.find(origin)?.authority).toBe('a.example:443');
    expect(services.find('https://b.example:443')).toBeUndefined();
  });

  test('are set aside when they fail, for five minutes, then twice as long each time, up to two days', () => {
    const { clock, services, learn, find, require } = store();
    let pause = 5 * minute;
    for (let count = 0; count < 12; count++) {
      learn('h3=":443"; ma=31536000');
      services.failed(origin, require());
      clock.now += pause - 1;
      expect(find()).toBeUndefined();
      clock.now += 1;
      expect(find()).toBe('a.example:443');
      pause = Math.min(2 * pause, 2 * day);
    }
    expect(pause).toBe(2 * day);
    services.works(origin, require());
    services.failed(origin, require());
    clock.now += 5 * minute;
    expect(find()).toBe('a.example:443');
  });

  test('fail once, however many connections fail at the same time, and stay set aside when they are said again', () => {
    const { clock, services, learn, find, require } = store();
    learn('h3=":443"');
    const alternative = require();
    for (let count = 0; count < 5; count++) services.failed(origin, alternative);
    learn('clear');
    learn('h3=":443", h3=":444"');
    expect(find()).toBe('a.example:444');
    clock.now = 5 * minute;
    expect(find()).toBe('a.example:443');
  });

  test('are removed when they answer for another origin, and set aside', () => {
    const { clock, services, learn, find, require } = store();
    learn('h3=":443", h3=":444"');
    services.misdirected(origin, require());
    expect(find()).toBe('a.example:444');
    clock.now = 6 * minute;
    expect(find()).toBe('a.example:444');
    services.misdirected('https://b.example:443', require());
    expect(find()).toBe('a.example:444');
  });

  test('are forgotten when there are too many', () => {
    const { services } = store(10);
    const count = 1000;
    for (let index = 0; index < count; index++) {
      services.learn(`https://${index}.example:443`, `${index}.example`, 'h3=":443"', 0);
    }
    const known = Array.from({ length: count }, (_, index) =>
      services.find(`https://${index}.example:443`),
    ).filter((found) => found !== undefined);
    expect(known.length).toBeGreaterThanOrEqual(1);
    expect(known.length).toBeLessThanOrEqual(20);
    expect(services.find(`https://${count - 1}.example:443`)).toBeDefined();
  });

  test('are of no use in a program that cannot speak HTTP/3', () => {
    const { services, learn, find } = store();
    learn('h3=":443"');
    services.disabled = true;
    expect(find()).toBeUndefined();
  });
});
