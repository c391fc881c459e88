/** Two readers of the stream, that keep nothing but how domains are. */
import { StreamReader } from '../../support/stream-reader.ts';
import { answer } from './child.ts';

const KEEP = 100;
const readers: StreamReader[] = [];

answer({
  async open(url: string) {
    for (let n = 0; n < 2; n += 1) readers.push(await StreamReader.open(url, {}, KEEP));
  },

  /** Of each: states by name, and what it got. */
  seen: () =>
    readers.map(({ domains, updates, bases, lost, items }) => ({
      states: [...domains.values()].map(({ name, state }) => [name, state]),
      updates,
      bases,
      lost,
      seq: items.at(-1)?.seq ?? 0,
    })),
});
