import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lru } from '../../edge/cache/lru.ts';

it('what is held never weighs too much, what was used last stays, and every entry that goes is told of once', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const step = fc.oneof(
    fc.record({ do: fc.constant('get' as const), key }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constant('set' as const), key, weight: fc.integer({ min: 1, max: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const gone: string[] = [];
      const lru = new Lru<number>({
        most: 10,
        weigh: (weight) => weight,
        onGone: (_, name) => gone.push(name),
      });
      // The model: entries by their last use, the latest at the end.
      let model: [string, number][] = [];
      const expected: string[] = [];
      const drop = (name: string) => {
        if (model.some(([held]) => held === name)) expected.push(name);
        model = model.filter(([held]) => held !== name);
      };
      for (const one of steps) {
        const held = model.find(([name]) => name === one.key);
        if (one.do === 'get') {
          expect(lru.get(one.key)).toBe(held?.[1]);
          if (held) model = [...model.filter((entry) => entry !== held), held];
        } else if (one.do === 'delete') {
          lru.delete(one.key);
          drop(one.key);
        } else {
          lru.set(one.key, one.weight);
          if (one.weight > 10) drop(one.key);
          else {
            model = [...model.filter(([name]) => name !== one.key), [one.key, one.weight]];
            while (model.reduce((sum, [, weight]) => sum + weight, 0) > 10)
              drop((model[0] as [string, number])[0]);
          }
        }
        for (const name of 'abcde') expect(lru.has(name)).toBe(model.some(([entry]) => entry === name));
      }
      expect(gone).toEqual(expected);
    }),
  );
});

it('where nothing is weighed, entries are counted', () => {
  const lru = new Lru<string>({ most: 2 });
  for (const name of ['a', 'b']) lru.set(name, name);
  lru.get('a');
  lru.set('c', 'c');
  expect(['a', 'b', 'c'].map((name) => lru.has(name))).toEqual([true, false, true]);
});
