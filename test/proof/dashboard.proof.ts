/** A dashboard under load: nobody misses how a domain ended up, memory stays flat, and what it costs. */
import { chromiumAvailable } from '../support/chromium.ts';
import { proof } from '../support/proof.ts';
import { BrowserReader } from './dashboard/browser-reader.ts';
import { Child } from './dashboard/child.ts';

type States = readonly (readonly [string, string])[];

interface Seen {
  readonly states: States;
  readonly updates: number;
  readonly bases: number;
  readonly lost: number;
  readonly seq: number;
}

interface Spent {
  readonly us: number;
  readonly events: number;
}

/** What a domain's messages may take; small, so that all is full before the heap is looked at. */
const RECORDING_CHARS = 16 * 1024;
const MAX_RISE_BYTES = 4 * 1024 * 1024;
const SETTLE_MS = 5000;
const POLL_MS = 50;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const wrongIn = (states: States, right: ReadonlyMap<string, string>): number =>
  [...right].filter(([name, state]) => new Map(states).get(name) !== state).length;

await proof({
  name: 'dashboard',
  title: 'A dashboard of 200 domains at 1,000 events a second',
  counts: {
    domains: 200,
    eventsPerSecond: 1000,
    seconds: 120,
    heapAfterSeconds: 30,
    secondsWithout: 30,
    browser: 1,
  },
  async run({ counts, report, log }) {
    const { domains, eventsPerSecond, seconds, heapAfterSeconds, secondsWithout } = counts;
    if (heapAfterSeconds >= seconds) throw new TypeError('heapAfterSeconds must be less than seconds');
    const qemus = new Child(new URL('./dashboard/qemus.ts', import.meta.url));
    const driver = new Child(new URL('./dashboard/driver.ts', import.meta.url));
    const readers = new Child(new URL('./dashboard/readers.ts', import.meta.url));
    let browser: BrowserReader | null = null;
    const flood = (forSeconds: number, perSecond = eventsPerSecond): Promise<number> =>
      qemus.ask('flood', { perSecond, seconds: forSeconds });
    /** Microseconds of CPU for each event of a flood. */
    const cost = async (forSeconds: number): Promise<number> => {
      const before = await driver.ask<Spent>('spent');
      await flood(forSeconds);
      const after = await driver.ask<Spent>('spent');
      return (after.us - before.us) / Math.max(1, after.events - before.events);
    };
    try {
      await driver.ask('attach', await qemus.ask('start', domains));
      log(`${domains} domains are attached`);
      // Until what is compiled is compiled.
      await flood(5);
      const without = await cost(secondsWithout);
      const url = await driver.ask<string>('open', RECORDING_CHARS);
      const alone = await cost(secondsWithout);
      await readers.ask('open', url);
      if (counts.browser > 0) {
        const missing = chromiumAvailable();
        if (missing !== null) throw new Error(missing);
        browser = await BrowserReader.open(url);
      }
      log('the readers are there');
      // Until all that is kept is full, and replaced from then on.
      await flood(Math.ceil((domains * RECORDING_CHARS) / 100 / eventsPerSecond / 4), eventsPerSecond * 4);
      const before = await driver.ask<Spent>('spent');
      await flood(heapAfterSeconds);
      const early = await driver.ask<number>('heap');
      await flood(seconds - heapAfterSeconds);
      const after = await driver.ask<Spent>('spent');
      const late = await driver.ask<number>('heap');
      const watched = (after.us - before.us) / Math.max(1, after.events - before.events);

      const right = new Map(await qemus.ask<States>('settle'));
      const deadline = performance.now() + SETTLE_MS;
      let seen: Seen[] = [];
      let shown: States = [];
      let wrong: number[] = [];
      do {
        await sleep(POLL_MS);
        seen = await readers.ask<Seen[]>('seen');
        shown = (await browser?.states()) ?? [];
        wrong = [...seen.map(({ states }) => states), ...(browser === null ? [] : [shown])].map((states) =>
          wrongIn(states, right),
        );
      } while (wrong.some((count) => count > 0) && performance.now() < deadline);

      const own = wrongIn(await driver.ask<States>('states'), right);
      report({ what: 'events sent while it was watched', value: after.events - before.events });
      report({ what: 'wrong final states at the driver', value: own, required: '0', ok: own === 0 });
      for (const [index, count] of wrong.entries())
        report({
          what: `wrong final states at ${index < seen.length ? `reader ${index + 1}` : 'the page in Chromium'}`,
          value: `${count} of ${right.size}`,
          required: '0',
          ok: count === 0,
        });
      for (const [index, { updates, bases, lost, seq }] of seen.entries())
        report({
          what: `what reader ${index + 1} got`,
          value: `${seq} items, ${lost} of them lost, in ${bases} base and ${updates} updates`,
        });
      report({ what: `heap after ${heapAfterSeconds} s, bytes`, value: early });
      report({ what: `heap after ${seconds} s, bytes`, value: late });
      report({
        what: 'rise of the heap, bytes',
        value: late - early,
        required: `< ${MAX_RISE_BYTES}`,
        ok: late - early < MAX_RISE_BYTES,
      });
      report({ what: 'CPU of the driver an event, without a dashboard, µs', value: without.toFixed(1) });
      report({ what: '… with one that nobody reads, µs', value: alone.toFixed(1) });
      report({ what: '… with its readers, µs', value: watched.toFixed(1) });
    } finally {
      await browser?.close();
      for (const child of [qemus, driver, readers]) child.end();
    }
  },
});
