/** What a dashboard tells its readers of a driver's domains, with fake QEMUs. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Dashboard, DashboardOptions } from '../../../src/dashboard/index.ts';
import { type Driver, openDriver } from '../../../src/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { StreamReader } from '../../support/stream-reader.ts';

interface World {
  readonly qemu: FakeQemu;
  readonly driver: Driver;
  readonly dashboard: Dashboard;
  readonly reader: StreamReader;
}

/** A fake QEMU that is attached, and a reader of its dashboard; the look at attach is through. */
async function open(options: DashboardOptions = {}, control = false): Promise<World> {
  const qemu = await FakeQemu.start({ name: 'web1' });
  onTestFinished(() => qemu.close());
  const driver = await openDriver();
  onTestFinished(() => driver.close());
  const vm = await driver.attach({ monitor: qemu.path, control });
  await vm.info();
  const dashboard = await driver.dashboard(options);
  const reader = await read(dashboard);
  await reader.until(() => reader.bases === 1);
  return { qemu, driver, dashboard, reader };
}

async function read(dashboard: Dashboard, headers: Record<string, string> = {}): Promise<StreamReader> {
  const reader = await StreamReader.open(dashboard.url, headers);
  onTestFinished(() => reader.close());
  return reader;
}

const saw = (reader: StreamReader, event: string): boolean =>
  reader.lines('monitor-event').some((line) => line.event === event);

describe('a reader that comes', () => {
  test('is told of all domains as they are, with their actors, although they were attached before', async () => {
    const { reader } = await open();
    expect(reader.base).toMatchObject({ readOnly: true, replay: null, seq: reader.items.length });
    expect(reader.domain('web1')).toMatchObject({
      key: 'domain-1',
      state: 'running',
      reason: 'unknown',
      active: true,
      id: 1,
      monitor: 'ready',
      controlled: false,
      job: null,
      waiting: 0,
      actor: {
        id: '',
        machine: 'domain',
        active: ['active', 'active.running'],
        children: [{ id: 'monitor', machine: 'monitor', active: ['linked', 'linked.ready'], children: [] }],
      },
    });
  });

  test('after others is told what they were told', async () => {
    const { qemu, dashboard, reader } = await open();
    qemu.emit('STOP');
    await reader.until(() => reader.domain('web1').state === 'paused');
    const late = await read(dashboard);
    await late.until(() => late.bases === 1);
    expect(late.items).toEqual(reader.items);
    expect([...late.domains]).toEqual([...reader.domains]);
  });
});

describe('what happens', () => {
  test('is told in its order: the QEMU event, the transition that it makes, the domain event, the state', async () => {
    const { qemu, reader } = await open();
    qemu.emit('STOP');
    await reader.until(() => reader.domain('web1').state === 'paused');
    expect(reader.items.map(({ line }) => line)).toMatchObject([
      { kind: 'monitor-event', domain: 'web1', event: 'STOP' },
      {
        kind: 'transition',
        machine: 'domain',
        actor: '',
        event: 'qemu.STOP',
        from: ['active.running'],
        to: ['active.paused'],
      },
      { kind: 'event', event: 'lifecycle', args: { event: 'suspended', detail: 'paused' } },
      { kind: 'state', state: 'paused', reason: 'unknown' },
    ]);
    expect(reader.items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(reader.domain('web1').actor.last).toEqual({
      event: 'qemu.STOP',
      from: ['active.running'],
      to: ['active.paused'],
    });
  });

  test('has with each change of state the domain as it was then', async () => {
    const { qemu, reader } = await open();
    for (const event of ['STOP', 'RESUME', 'STOP']) qemu.emit(event);
    await reader.until(() => reader.lines('state').length === 3);
    const views = reader.items.filter(({ line }) => line.kind === 'state').map(({ domain }) => domain);
    expect(views).toMatchObject([
      { state: 'paused', actor: { active: ['active', 'active.paused'] } },
      { state: 'running', actor: { active: ['active', 'active.running'] } },
      { state: 'paused', actor: { active: ['active', 'active.paused'] } },
    ]);
    const states = reader.items.filter(({ line }) => line.kind === 'state');
    expect(views.map((view) => view?.since)).toEqual(states.map(({ at }) => at));
  });

  test('in other machines is told too: the life of a process event', async () => {
    const { qemu, reader } = await open();
    qemu.emit('RESET');
    await reader.until(() => saw(reader, 'RESET'));
    await reader.until(() => reader.lines('transition').some(({ to }) => to.includes('ended')));
    const steps = reader.lines('transition').filter(({ machine }) => machine === 'process-event');
    expect(steps[0]).toMatchObject({ actor: expect.stringMatching(/^processEvent#\d+$/), from: [] });
    expect(steps.filter(({ actor }) => actor === steps[0]?.actor).map(({ to }) => to.at(-1))).toEqual([
      'waitingForJob',
      'running',
      'ended',
    ]);
  });

  test('counts what is dropped', async () => {
    const { qemu, reader } = await open();
    for (let n = 0; n < 3; n += 1) qemu.emit('NOBODY_KNOWS');
    await reader.until(() => reader.counters.get('unknown NOBODY_KNOWS')?.count === 3);
    expect(reader.lines('monitor-event')).toHaveLength(3);
  });

  test('and is longer than 8 Ki characters is told without what it is about', async () => {
    const { qemu, reader } = await open();
    qemu.emit('NOBODY_KNOWS', { long: 'x'.repeat(100_000) });
    await reader.until(() => saw(reader, 'NOBODY_KNOWS'));
    expect(reader.lines('monitor-event')).toMatchObject([{ event: 'NOBODY_KNOWS', data: null, cut: true }]);
    expect(JSON.stringify(reader.items).length).toBeLessThan(9000);
  });

  test('to the monitor shows: a QEMU that is gone is off, and stays in the list', async () => {
    const { qemu, reader } = await open();
    qemu.kill();
    await reader.until(() => reader.domain('web1').state === 'shutoff');
    expect(reader.domain('web1')).toMatchObject({ active: false, id: null, monitor: 'lost' });
    await qemu.restart();
    await reader.until(() => reader.domain('web1').active);
    expect(reader.domain('web1').id).toBe(2);
  });
});

describe('a domain', () => {
  test('that is attached later comes, also while nobody answers yet; one that is let go of goes', async () => {
    const { driver, reader } = await open();
    const signal = new AbortController();
    const attaching = driver
      .attach({ monitor: '/run/nobody/here.qmp', wait: true, signal: signal.signal })
      .catch(() => {});
    await reader.until(() => reader.domains.size === 2);
    expect(reader.domain('here')).toMatchObject({ key: 'domain-2', state: 'shutoff', monitor: 'lost' });
    // Its monitor goes on by itself.
    await reader.until(() => reader.domain('here').actor.children[0]?.active[0] === 'waiting');
    expect(reader.lines('transition')[0]).toMatchObject({
      machine: 'monitor',
      actor: 'monitor',
      event: 'link.closed',
      from: ['linked', 'linked.connecting'],
      to: ['waiting'],
    });
    signal.abort();
    await attaching;
    await reader.until(() => reader.domains.size === 1);
    expect([...reader.domains.keys()]).toEqual(['domain-1']);
  });

  test('says whether it was attached for control, and what is under way', async () => {
    const { driver, reader } = await open({ allowControl: true }, true);
    expect(reader.base?.readOnly).toBe(false);
    const [vm] = driver.domains;
    await vm?.suspend();
    await reader.until(() => reader.domain('web1').state === 'paused');
    expect(reader.domain('web1')).toMatchObject({ controlled: true, reason: 'user', job: null });
    const ids = reader.lines('transition').map(({ actor }) => actor);
    expect(ids.some((id) => id.startsWith('operation#'))).toBe(true);
  });
});

describe('a reader that comes back', () => {
  test('gets what it missed, once, and how the domains are', async () => {
    const { qemu, dashboard, reader } = await open();
    qemu.emit('STOP');
    await reader.until(() => reader.domain('web1').state === 'paused');
    const { lastEventId } = reader;
    const known = reader.items.length;
    const other = await read(dashboard);
    reader.close();
    qemu.emit('RESUME');
    await other.until(() => other.domain('web1').state === 'running');
    const back = await read(dashboard, { 'Last-Event-ID': lastEventId });
    await back.until(() => back.updates > 0);
    expect(back.bases).toBe(0);
    expect(back.items.map(({ seq }) => seq)).toEqual(
      other.items.map(({ seq }) => seq).filter((seq) => seq > known),
    );
    expect(back.domain('web1').state).toBe('running');
    expect(back.lost).toBe(0);
  });

  test.each([
    ['of another server', 'e2f5d1f4-0000-4000-8000-000000000000-1'],
    ['with nonsense', '-1; drop'],
    ['from the future', 'FUTURE'],
  ])('%s begins anew', async (_, id) => {
    const { dashboard, reader } = await open();
    const lastEventId = id === 'FUTURE' ? `${reader.base?.server}-999999` : id;
    const back = await read(dashboard, { 'Last-Event-ID': lastEventId });
    await back.until(() => back.bases === 1);
    expect(back.domain('web1').state).toBe('running');
  });

  test('after what it knows is not kept any more begins anew', async () => {
    const { qemu, dashboard, reader } = await open({ limits: { items: 5 } });
    qemu.emit('STOP');
    await reader.until(() => reader.domain('web1').state === 'paused');
    const { lastEventId } = reader;
    for (let n = 0; n < 20; n += 1) qemu.emit('NOBODY_KNOWS');
    await reader.until(() => reader.counters.get('unknown NOBODY_KNOWS')?.count === 20);
    const back = await read(dashboard, { 'Last-Event-ID': lastEventId });
    await back.until(() => back.bases === 1);
    expect(back.items).toHaveLength(5);
    expect(back.base?.seq).toBe(24);
  });

  test('after a domain was let go of begins anew, and does not show it', async () => {
    const { driver, dashboard, reader } = await open();
    const { lastEventId } = reader;
    await driver.domains[0]?.detach();
    await reader.until(() => reader.domains.size === 0);
    const back = await read(dashboard, { 'Last-Event-ID': lastEventId });
    await back.until(() => back.bases === 1);
    expect(back.domains.size).toBe(0);
  });
});

test('machines are inspected only while a dashboard is open', async () => {
  await using qemu = await FakeQemu.start();
  await using driver = await openDriver();
  const vm = await driver.attach({ monitor: qemu.path });
  const inspect = vi.spyOn(vm.actor.system, 'inspect');
  const dashboard = await driver.dashboard();
  expect(inspect).toHaveBeenCalledOnce();
  const unsubscribe = vi.spyOn(inspect.mock.results[0]?.value, 'unsubscribe');
  await dashboard.close();
  expect(unsubscribe).toHaveBeenCalledOnce();
});

test('driver.close() closes it, and ends its streams', async () => {
  const { driver, dashboard, reader } = await open();
  await driver.close();
  await reader.until(() => reader.ended);
  await expect(read(dashboard)).rejects.toThrow('ECONNREFUSED');
  await expect(driver.dashboard()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
});
