import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from '../../../src/subscriptions/fifo.ts';

test('a Fifo gives and takes as an array does, whatever the order', () => {
  const steps = fc.array(fc.boolean(), { minLength: 50, maxLength: 100 });
  fc.assert(
    fc.property(fc.nat(10), steps, (length, pushes) => {
      const model = Array.from({ length }, (_, n) => -n);
      const fifo = new Fifo([...model]);
      for (const [n, isPush] of pushes.entries()) {
        if (isPush) {
          fifo.push(n);
          model.push(n);
        } else expect(fifo.shift()).toBe(model.shift());
        expect([fifo.length, fifo.toArray()]).toEqual([model.length, model]);
      }
    }),
    { seed: 7 },
  );
});
