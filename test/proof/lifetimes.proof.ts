/** Nothing stays: attach/close cycles, and incarnations of one domain, leave no memory and no resource behind. */
import { type Domain, openDriver } from '../../src/index.ts';
import { FakeQemu } from '../../src/testing/index.ts';
import { proof } from '../support/proof.ts';

const LIMIT_BYTES = 50;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Resources by type, without those that this program's own output makes. */
function resources(): string {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo())
    if (!/TTY|Pipe(?!Wrap)|FSReq|Immediate/.test(type)) counts[type] = (counts[type] ?? 0) + 1;
  return JSON.stringify(Object.fromEntries(Object.entries(counts).sort()));
}

const listeners = (): number =>
  process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

async function heap(): Promise<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run with --expose-gc');
  for (let round = 0; round < 4; round += 1) {
    await turn();
    gc();
  }
  return process.memoryUsage().heapUsed;
}

await proof({
  name: 'lifetimes',
  title: 'Attach/close cycles and incarnations leave nothing behind',
  counts: { cycles: 10_000, incarnations: 1_000 },
  async run({ counts, report, log }) {
    await using qemu = await FakeQemu.start();
    const at = [0.2, 0.6, 1].map((part) => Math.round(part * counts.cycles));
    const seen: { heap: number; resources: string; listeners: number }[] = [];
    for (let cycle = 1; cycle <= counts.cycles; cycle += 1) {
      const driver = await openDriver();
      driver.on('lifecycle', () => {});
      await driver.attach({ monitor: qemu.path });
      await driver.close();
      while (qemu.connections > 0) await turn();
      // What the fake remembers of its clients is its own.
      (qemu.received as unknown[]).length = 0;
      if (!at.includes(cycle)) continue;
      seen.push({ heap: await heap(), resources: resources(), listeners: listeners() });
      log(`${cycle} cycles`);
    }
    const [first, middle, last] = seen as [(typeof seen)[0], (typeof seen)[0], (typeof seen)[0]];
    const [from, half, all] = at as [number, number, number];
    const bytes = (last.heap - first.heap) / (all - from);
    report({ what: `heap at ${from} cycles`, value: first.heap });
    report({ what: `heap at ${half} cycles`, value: middle.heap });
    report({ what: `heap at ${all} cycles`, value: last.heap });
    report({
      what: 'rise of the heap, bytes a cycle',
      value: bytes.toFixed(1),
      required: `< ${LIMIT_BYTES}`,
      ok: bytes < LIMIT_BYTES && (middle.heap - first.heap) / (half - from) < LIMIT_BYTES,
    });
    report({
      what: 'active resources after each',
      value: last.resources,
      required: 'equal',
      ok: seen.every((one) => one.resources === first.resources),
    });
    report({
      what: 'listeners of the process after each',
      value: last.listeners,
      required: 'equal',
      ok: seen.every((one) => one.listeners === first.listeners),
    });

    await using driver = await openDriver();
    let stopped = 0;
    let started = 0;
    driver.on('lifecycle', ({ args }) => {
      if (args.event === 'stopped') stopped += 1;
      if (args.event === 'started') started += 1;
    });
    const vm = await driver.attach({ monitor: qemu.path });
    const isBusy = (of: Domain): boolean => of.actor.getSnapshot().context.work.running !== null;
    const children = (of: Domain): string => Object.keys(of.actor.getSnapshot().children).join(' ');
    const marks: { heap: number; children: string; resources: string }[] = [];
    const marksAt = [0.2, 0.6, 1].map((part) => Math.round(part * counts.incarnations));
    for (let n = 1; n <= counts.incarnations; n += 1) {
      await qemu.restart();
      // Up to the end of the look that each attach makes.
      while (started < n || vm.state.monitor !== 'ready' || isBusy(vm)) await turn();
      (qemu.received as unknown[]).length = 0;
      if (!marksAt.includes(n)) continue;
      marks.push({ heap: await heap(), children: children(vm), resources: resources() });
      log(`${n} incarnations`);
    }
    const [one, , end] = marks as [(typeof marks)[0], (typeof marks)[0], (typeof marks)[0]];
    const rise = (end.heap - one.heap) / ((marksAt[2] as number) - (marksAt[0] as number));
    report({
      what: '`stopped` for incarnations that began',
      value: `${stopped} of ${counts.incarnations}`,
      required: 'one each',
      ok: stopped === counts.incarnations,
    });
    report({
      what: 'rise of the heap, bytes an incarnation',
      value: rise.toFixed(1),
      required: `< ${LIMIT_BYTES}`,
      ok: rise < LIMIT_BYTES,
    });
    report({
      what: 'children of the domain',
      value: end.children,
      required: 'equal',
      ok: marks.every((mark) => mark.children === one.children),
    });
    report({
      what: 'active resources',
      value: end.resources,
      required: 'equal',
      ok: marks.every((mark) => mark.resources === one.resources),
    });
  },
});
