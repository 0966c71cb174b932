import { Fields } from '@linnet/mint';
import { expect, test } from 'vitest';
import { Discovery } from '../../src/alt-svc/discovery.ts';
import { AlternativeServices } from '../../src/alt-svc/store.ts';
import { poolFrom } from '../../src/identity/index.ts';

function discovery() {
  const clock = { now: 0 };
  const services = new AlternativeServices(() => clock.now);
  const of = (url: string) => new Discovery(services, poolFrom(url));
  return { clock, of, it: of('https://a.example') };
}

test('lines of the field are one list, and pools of the same origin share what it says', () => {
  const { it, of } = discovery();
  it.read(200, Fields.of(['Alt-Svc', 'h2=":443"', 'x', 'y', 'alt-svc', 'h3=":8443"']), undefined);
  expect(it.find()?.authority).toBe('a.example:8443');
  expect(of('https://a.example#tag').find()?.authority).toBe('a.example:8443');
  expect(of('https://a.example:8443').find()).toBeUndefined();
});

test('the age of a response counts, if it says one', () => {
  const { clock, it } = discovery();
  const read = (age: string) =>
    it.read(200, Fields.of(['age', age, 'alt-svc', 'h3=":443"; ma=10']), undefined);
  read('8');
  clock.now = 2000;
  expect(it.find()).toBeUndefined();
  read('eight');
  expect(it.find()).toBeDefined();
});

test('421 from an alternative removes it, and what such a response says is ignored', () => {
  const { it } = discovery();
  const fields = Fields.of(['alt-svc', 'h3=":443"']);
  expect(it.read(421, fields, undefined)).toBeUndefined();
  expect(it.find()).toBeUndefined();
  expect(it.read(200, fields, undefined)).toBe('known');
  const alternative = it.find();
  expect(it.read(200, Fields.none, alternative)).toBeUndefined();
  expect(it.find()).toBe(alternative);
  expect(it.read(421, fields, alternative)).toBe('misdirected');
  expect(it.find()).toBeUndefined();
});

test('a program that cannot speak HTTP/3 is told so once', () => {
  const { it, of } = discovery();
  it.read(200, Fields.of(['alt-svc', 'h3=":443"']), undefined);
  expect(it.disable()).toBe(true);
  expect(of('https://b.example').disable()).toBe(false);
  expect(it.find()).toBeUndefined();
});
