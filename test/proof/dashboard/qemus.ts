/** Fake QEMUs that stop and go on at a steady rate. */
import { FakeQemu } from '../../../src/testing/index.ts';
import { answer } from './child.ts';

const TICK_MS = 10;

const qemus: FakeQemu[] = [];
/** As each is now. */
const paused: boolean[] = [];
let next = 0;

function emitOne(): void {
  const at = next++ % qemus.length;
  paused[at] = !paused[at];
  qemus[at]?.emit(paused[at] ? 'STOP' : 'RESUME');
}

answer({
  /** @returns their sockets */
  async start(count: number) {
    for (let n = 0; n < count; n += 1) qemus.push(await FakeQemu.start({ name: `vm${n}` }));
    return qemus.map(({ path }) => path);
  },

  /** @returns how many events were sent */
  flood({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<number> {
    return new Promise((resolve) => {
      const begun = performance.now();
      let sent = 0;
      const timer = setInterval(() => {
        const now = Math.min(performance.now() - begun, seconds * 1000);
        for (const due = Math.floor((now / 1000) * perSecond); sent < due; sent += 1) emitOne();
        if (now < seconds * 1000) return;
        clearInterval(timer);
        resolve(sent);
      }, TICK_MS);
    });
  },

  /** One more event for every third, so that they are not all alike. @returns state by name */
  settle(): [string, string][] {
    for (let at = 0; at < qemus.length; at += 3) {
      next = at;
      emitOne();
    }
    return qemus.map((_, at) => [`vm${at}`, paused[at] ? 'paused' : 'running']);
  },
});
