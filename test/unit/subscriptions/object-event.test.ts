/** libvirt's own suite, `tests/objecteventtest.c`: the same cases, by their functions, and what they expect. */
import { describe, expect, test } from 'vitest';
import { type DomainEventArgs, type Driver, openDriver } from '../../../src/index.ts';
import { QmpClient } from '../../../src/qmp/index.ts';
import { FakeQemu } from '../../../src/testing/index.ts';
import { type Callback, TestDriver } from './test-driver.ts';

const UUID = '77a6fc12-07b5-9415-8abb-a803613f2a40';

function world() {
  const driver = new TestDriver();
  const counts: Record<string, number> = {};
  const count: Callback = ({ event }) => {
    counts[event] = (counts[event] ?? 0) + 1;
  };
  return { driver, connection: driver.connect(), counts, count, runLoop: () => driver.loop.turn() };
}

describe('over an in-memory driver, as libvirt does it with test:///default', () => {
  test('domain createXML start, old API (testDomainCreateXMLOld)', () => {
    const { connection, counts, count, runLoop } = world();
    expect(connection.register(count)).toBe(0);
    const domain = connection.createXML('domain', UUID);
    runLoop();
    expect(counts).toEqual({ started: 1 });
    expect(connection.deregister(count)).toBe(true);
    connection.destroy(domain);
    runLoop();
    expect(counts).toEqual({ started: 1 });
  });

  test('domain createXML start, new API (testDomainCreateXMLNew)', () => {
    const { connection, counts, count, runLoop } = world();
    const id = connection.registerAny('domain', null, 'lifecycle', count);
    expect(id).toBeGreaterThanOrEqual(0);
    const domain = connection.createXML('domain', UUID);
    runLoop();
    expect(counts).toEqual({ started: 1 });
    expect(connection.deregisterAny(id)).toBe(true);
    connection.destroy(domain);
    runLoop();
    expect(counts).toEqual({ started: 1 });
  });

  test('domain createXML start, both APIs mixed (testDomainCreateXMLMixed)', () => {
    const { connection, counts, count, runLoop } = world();
    const defined = connection.define('domain', UUID);
    const id1 = connection.registerAny('domain', defined, 'lifecycle', count);
    expect(connection.register(count)).toBe(0);
    const id2 = connection.registerAny('domain', null, 'lifecycle', count);
    connection.undefine(defined);
    expect(() => connection.destroy(defined)).toThrow();
    connection.createXML('domain', UUID);
    runLoop();
    expect(counts.started).toBe(3);
    expect(connection.deregister(count)).toBe(true);
    expect([connection.deregisterAny(id1), connection.deregisterAny(id2)]).toEqual([true, true]);
  });

  test.each([
    ['domain', 'testDomainDefine'],
    ['network', 'testNetworkDefine'],
    ['storage-pool', 'testStoragePoolDefine'],
  ] as const)('%s (un)define (%s)', (family, _) => {
    const { connection, counts, count, runLoop } = world();
    const id = connection.registerAny(family, null, 'lifecycle', count);
    const object = connection.define(family, UUID);
    runLoop();
    expect(counts).toEqual({ defined: 1 });
    connection.undefine(object);
    runLoop();
    expect(counts).toEqual({ defined: 1, undefined: 1 });
    expect(connection.deregisterAny(id)).toBe(true);
  });

  test('domain start/stop (testDomainStartStopEvent)', () => {
    const { driver, connection, counts, count, runLoop } = world();
    const id = connection.registerAny('domain', driver.test, 'lifecycle', count);
    connection.destroy(driver.test);
    connection.create(driver.test);
    runLoop();
    expect(counts).toEqual({ stopped: 1, started: 1 });
    const second = driver.connect();
    second.destroy(driver.test);
    second.create(driver.test);
    runLoop();
    expect(counts).toEqual({ stopped: 2, started: 2 });
    expect(connection.deregisterAny(id)).toBe(true);
  });

  test.each([
    ['network', 'testNetworkCreateXML'],
    ['storage-pool', 'testStoragePoolCreateXML'],
  ] as const)('%s createXML (%s)', (family, _) => {
    const { connection, counts, count, runLoop } = world();
    const id = connection.registerAny(family, null, 'lifecycle', count);
    connection.createXML(family, UUID);
    runLoop();
    expect(counts).toEqual({ started: 1 });
    expect(connection.deregisterAny(id)).toBe(true);
  });

  test('network start/stop (testNetworkStartStopEvent)', () => {
    const { connection, counts, count, runLoop } = world();
    const network = connection.define('network', UUID);
    const id = connection.registerAny('network', network, 'lifecycle', count);
    connection.create(network);
    connection.destroy(network);
    runLoop();
    expect(counts).toEqual({ started: 1, stopped: 1 });
    expect(connection.deregisterAny(id)).toBe(true);
  });

  test('pool start/stop/refresh (testStoragePoolStartStopEvent)', () => {
    const { connection, counts, count, runLoop } = world();
    const pool = connection.define('storage-pool', UUID);
    const ids = ['lifecycle', 'refresh'].map((id) => connection.registerAny('storage-pool', pool, id, count));
    connection.create(pool);
    connection.refresh(pool);
    connection.destroy(pool);
    runLoop();
    expect(counts).toEqual({ started: 1, refresh: 1, stopped: 1 });
    expect(ids.map((id) => connection.deregisterAny(id))).toEqual([true, true]);
  });

  test.each([
    ['build', 'testStoragePoolBuild', 'created'],
    ['delete', 'testStoragePoolDelete', 'deleted'],
  ] as const)('pool %s (%s)', (what, _, expected) => {
    const { connection, counts, count, runLoop } = world();
    const pool = connection.define('storage-pool', UUID);
    const id = connection.registerAny('storage-pool', null, 'lifecycle', count);
    connection[what](pool);
    runLoop();
    expect(counts).toEqual({ [expected]: 1 });
    expect(connection.deregisterAny(id)).toBe(true);
  });

  test('node device (testNodeDeviceCreateXML)', () => {
    const { connection, counts, count, runLoop } = world();
    const id = connection.registerAny('node-device', null, 'lifecycle', count);
    const device = connection.createXML('node-device', UUID);
    connection.destroy(device);
    runLoop();
    expect(counts).toEqual({ created: 1, deleted: 1 });
    expect(connection.deregisterAny(id)).toBe(true);
  });

  test('families are told apart: a domain’s callback hears nothing of a network of the same uuid (D1)', () => {
    const { connection, counts, count, runLoop } = world();
    connection.registerAny('domain', null, 'lifecycle', count);
    connection.createXML('network', UUID);
    runLoop();
    expect(counts).toEqual({});
  });
});

describe('over a driver and a QEMU that speaks QMP', () => {
  interface World {
    readonly qemu: FakeQemu;
    readonly driver: Driver;
    readonly counts: Record<string, number>;
    readonly count: (event: { readonly args: DomainEventArgs['lifecycle'] }) => void;
    /** Until the last of what was caused is delivered. */
    until(event: string, n: number): Promise<void>;
  }

  async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
    await using qemu = await FakeQemu.start({ uuid: UUID, monitors: 2 });
    await using driver = await openDriver();
    const counts: Record<string, number> = {};
    const count: World['count'] = ({ args }) => {
      counts[args.event] = (counts[args.event] ?? 0) + 1;
    };
    // One more subscriber, the last of all: when it hears, the others did.
    const waiting: (() => void)[] = [];
    const until = async (event: string, n: number): Promise<void> => {
      const all = new Promise<void>((resolve) => waiting.push(resolve));
      const subscription = driver.on('lifecycle', () => {
        if (counts[event] === n) for (const resolve of waiting.splice(0)) resolve();
      });
      await all;
      subscription[Symbol.dispose]();
    };
    await run({ qemu, driver, counts, count, until });
  }

  /** A domain that is off: its QEMU was there, and is gone. */
  async function shutOff({ qemu, driver }: World) {
    const vm = await driver.attach({ monitor: qemu.path });
    const gone = vm.waitFor('lifecycle', ({ args }) => args.event === 'stopped');
    qemu.kill();
    await gone;
    return vm;
  }

  test('createXML start, old API (testDomainCreateXMLOld)', () =>
    inWorld(async (world) => {
      const { qemu, driver, counts, count, until } = world;
      const vm = await shutOff(world);
      driver.domainEventRegister(count);
      const started = until('started', 1);
      await qemu.restart();
      await started;
      driver.domainEventDeregister(count);
      const gone = vm.waitFor('lifecycle');
      qemu.kill();
      await gone;
      expect(counts).toEqual({ started: 1 });
    }));

  test('createXML start, new API (testDomainCreateXMLNew)', () =>
    inWorld(async (world) => {
      const { qemu, driver, counts, count, until } = world;
      const vm = await shutOff(world);
      const id = driver.domainEventRegisterAny(null, 'lifecycle', count);
      expect(id).toBeGreaterThanOrEqual(0);
      const started = until('started', 1);
      await qemu.restart();
      await started;
      driver.domainEventDeregisterAny(id);
      const gone = vm.waitFor('lifecycle');
      qemu.kill();
      await gone;
      expect(counts).toEqual({ started: 1 });
    }));

  test('both APIs mixed; the uuid matches the domain that was made anew (testDomainCreateXMLMixed)', () =>
    inWorld(async (world) => {
      const { qemu, driver, counts, count, until } = world;
      const defined = await shutOff(world);
      const id1 = driver.domainEventRegisterAny(defined, 'lifecycle', count);
      driver.domainEventRegister(count);
      const id2 = driver.domainEventRegisterAny(null, 'lifecycle', count);
      await defined.detach();
      await qemu.restart();
      const anew = await driver.attach({ monitor: qemu.path });
      expect(anew).not.toBe(defined);
      const started = until('started', 3);
      qemu.kill();
      await anew.waitFor('lifecycle', ({ args }) => args.event === 'stopped');
      await qemu.restart();
      await started;
      expect(counts).toEqual({ stopped: 3, started: 3 });
      driver.domainEventDeregister(count);
      driver.domainEventDeregisterAny(id1);
      driver.domainEventDeregisterAny(id2);
    }));

  test('start/stop, also by somebody else’s connection (testDomainStartStopEvent)', () =>
    inWorld(async ({ qemu, driver, counts, count, until }) => {
      const vm = await driver.attach({ monitor: qemu.path });
      const id = driver.domainEventRegisterAny(vm, 'lifecycle', count);
      const first = until('started', 1);
      const gone = vm.waitFor('lifecycle', ({ args }) => args.event === 'stopped');
      qemu.kill();
      await gone;
      await qemu.restart();
      await first;
      expect(counts).toEqual({ stopped: 1, started: 1 });
      const second = await QmpClient.connect(qemu.addresses[1] as { path: string });
      const again = until('started', 2);
      const quit = vm.waitFor('lifecycle', ({ args }) => args.event === 'stopped');
      await second.execute('quit').catch(() => {});
      await quit;
      await qemu.restart();
      await again;
      expect(counts).toMatchObject({ stopped: 2, started: 2 });
      driver.domainEventDeregisterAny(id);
    }));
});
