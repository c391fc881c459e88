/** The process of a driver, with and without its dashboard. */
import type { Dashboard } from '../../../src/dashboard/index.ts';
import { openDriver } from '../../../src/index.ts';
import { answer } from './child.ts';

const driver = await openDriver();
let dashboard: Dashboard | null = null;
let events = 0;
driver.on('lifecycle', () => {
  events += 1;
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

answer({
  async attach(paths: readonly string[]) {
    for (const monitor of paths) {
      const vm = await driver.attach({ monitor });
      await vm.info();
    }
  },

  async open(recordingChars: number) {
    dashboard = await driver.dashboard({ limits: { recordingChars } });
    return dashboard.url;
  },

  /** Of the process so far: microseconds of CPU, and events that a subscriber got. */
  spent() {
    const { user, system } = process.cpuUsage();
    return { us: user + system, events };
  },

  async heap() {
    for (let round = 0; round < 4; round += 1) {
      await turn();
      globalThis.gc?.();
    }
    return process.memoryUsage().heapUsed;
  },

  states: () => driver.domains.map(({ name, state }) => [name, state.state]),
});
