import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProcessTable } from '../../src/process/process-table.ts';

test('holds what a Map with the same entries would, in order of the ids', () => {
  const ids = fc.integer({ min: 0, max: 300 });
  const steps = fc.array(fc.record({ add: fc.boolean(), id: ids }), { maxLength: 400 });
  fc.assert(
    fc.property(steps, (given) => {
      const table = new ProcessTable<string>();
      const model = new Map<number, string>();
      let newest = 0;
      for (const { add, id } of given) {
        // Ids only grow: a process never gets one that was used.
        const number = add ? ++newest : id;
        if (add) {
          table.add(number, `p${number}`);
          model.set(number, `p${number}`);
        } else {
          table.remove(number);
          model.delete(number);
        }
        expect(table.size).toBe(model.size);
        expect(table.at(number)).toBe(model.get(number));
        expect(table.has(String(number))).toBe(model.has(number));
      }
      expect([...table.values()]).toEqual([...model.values()]);
    }),
  );
});
