/**
 * Each QEMU event about migration, provoked on real QEMUs without a guest, and what an observer is told.
 *
 * How many passes there are, and where the STOP comes among them, is not fixed.
 */
import { expect, test } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { askForMigrationEvents, lacksDevice, Observer } from '../support/provoke.ts';
import { startQemu } from '../support/qemu.ts';

const statuses = (observer: Observer): unknown[] => observer.raw('MIGRATION').map((data) => data?.status);
const status = (observer: Observer, wanted: string) =>
  observer.seenRaw(() => statuses(observer).includes(wanted));

describeWith(['qemu'], 'an observer of a real QEMU that somebody migrates is told', () => {
  test('MIGRATION and MIGRATION_PASS as facts, and of the pause, whose reason it does not know (QAPI migration.json; qemu_process.c:qemuProcessHandleMigrationStatus, qemuProcessHandleMigrationPass)', async () => {
    await using qemu = await startQemu();
    await askForMigrationEvents(qemu);
    await using observer = await Observer.attach(qemu);
    expect((await observer.facts()).migration?.status ?? null).toBeNull();
    await qemu.qmp('migrate', { uri: 'exec:cat >/dev/null' });
    await status(observer, 'completed');
    expect(statuses(observer)).toEqual(['setup', 'active', 'completed']);
    const passes = observer.raw('MIGRATION_PASS').map((data) => data?.pass);
    expect(passes.length).toBeGreaterThan(0);
    expect(passes).toEqual(passes.map((_, n) => n + 1));
    expect((await observer.facts()).migration).toEqual({ status: 'completed', pass: passes.length });
    // No async job of ours: no migration-iteration.
    expect(observer.told).toEqual([['lifecycle', 'suspended paused']]);
    expect(observer.state).toBe('paused unknown');

    await qemu.qmp('cont');
    await observer.untilRaw('RESUME');
    expect(observer.told.slice(1)).toEqual([['lifecycle', 'resumed unpaused']]);
    expect(observer.state).toBe('running unpaused');
  });

  test('on both sides: the source is paused, the destination, found paused (migration), is resumed (QAPI migration.json:MIGRATION; qemu_process.c:qemuProcessHandleStop, qemuProcessHandleResume)', async () => {
    await using source = await startQemu();
    await using destination = await startQemu({ args: ['-incoming', 'defer'] });
    for (const qemu of [source, destination]) await askForMigrationEvents(qemu);
    await using from = await Observer.attach(source);
    await using to = await Observer.attach(destination);
    expect(to.state).toBe('paused migration');
    const uri = `unix:${destination.directory}/migration.sock`;
    await destination.qmp('migrate-incoming', { uri });
    await source.qmp('migrate', { uri });
    await status(from, 'completed');
    await status(to, 'completed');
    expect(from.told).toEqual([['lifecycle', 'suspended paused']]);
    expect(from.state).toBe('paused unknown');
    expect(await source.qmp('query-status')).toMatchObject({ status: 'postmigrate' });
    expect(statuses(to)).toEqual(['setup', 'active', 'completed']);
    expect(to.told).toEqual([['lifecycle', 'resumed unpaused']]);
    expect(to.state).toBe('running unpaused');
    expect((await to.facts()).migration).toEqual({ status: 'completed', pass: null });

    await source.qmp('quit').catch(() => {});
    await from.end();
    expect(from.told.slice(1)).toEqual([
      ['lifecycle', 'shutdown host'],
      ['lifecycle', 'stopped shutdown'],
    ]);
    expect(to.state).toBe('running unpaused');
  });

  test('of one that failed by a fact, and it runs on (QAPI migration.json:MigrationStatus failed; qemu_process.c:qemuProcessHandleMigrationStatus)', async () => {
    await using qemu = await startQemu();
    await askForMigrationEvents(qemu);
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('migrate', { uri: 'exec:false' });
    await status(observer, 'failed');
    await observer.all();
    expect((await observer.facts()).migration?.status).toBe('failed');
    // It may have been paused for its last pass: then it was resumed.
    expect(observer.told.at(-1) ?? ['lifecycle', 'resumed unpaused']).toEqual([
      'lifecycle',
      'resumed unpaused',
    ]);
    expect(observer.vm.state.state).toBe('running');
  });

  test('of one that was cancelled by a fact, and it runs on (QAPI migration.json:MigrationStatus cancelled; qemu_process.c:qemuProcessHandleMigrationStatus)', async () => {
    await using qemu = await startQemu();
    await askForMigrationEvents(qemu);
    await qemu.qmp('migrate-set-parameters', { 'max-bandwidth': 1000 });
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('migrate', { uri: 'exec:cat >/dev/null' });
    await status(observer, 'active');
    await qemu.qmp('migrate_cancel');
    await status(observer, 'cancelled');
    expect(statuses(observer)).toEqual(['setup', 'active', 'cancelling', 'cancelled']);
    expect((await observer.facts()).migration?.status).toBe('cancelled');
    expect(observer.told).toEqual([]);
    expect(observer.state).toBe('running unknown');
  });

  test('nothing but the pause without the capability `events` (QAPI migration.json:MIGRATION)', async () => {
    await using qemu = await startQemu();
    await using observer = await Observer.attach(qemu);
    await qemu.qmp('migrate', { uri: 'exec:cat >/dev/null' });
    await observer.untilRaw('STOP');
    expect(observer.rawNames).toEqual(['STOP']);
    expect(observer.told).toEqual([['lifecycle', 'suspended paused']]);
    expect(observer.state).toBe('paused unknown');
  });

  test('SPICE_MIGRATE_COMPLETED as nothing: the migration is not ours (QAPI ui.json; qemu_process.c:qemuProcessHandleSpiceMigrated)', async ({
    skip,
  }) => {
    const missing = lacksDevice('qxl-vga');
    if (missing !== null) skip(missing);
    await using qemu = await startQemu({
      args: [
        ...['-vga', 'none', '-device', 'qxl-vga'],
        ...['-spice', 'unix=on,addr=spice.sock,disable-ticketing=on'],
      ],
    });
    await using observer = await Observer.attach(qemu);
    // Nobody looks at the screen, so nobody goes there.
    await qemu.qmp('client_migrate_info', { protocol: 'spice', hostname: '127.0.0.1', port: 1 });
    await qemu.qmp('migrate', { uri: 'exec:cat >/dev/null' });
    await observer.untilRaw('SPICE_MIGRATE_COMPLETED');
    expect(observer.raw('SPICE_MIGRATE_COMPLETED')).toEqual([null]);
    expect(observer.ignored).toContain('SPICE_MIGRATE_COMPLETED');
    expect(observer.told).toEqual([['lifecycle', 'suspended paused']]);
  });

  test('COLO_EXIT as nothing, on both sides (QAPI migration.json:COLO_EXIT; libvirt has no handler)', async () => {
    await using primary = await startQemu();
    await using secondary = await startQemu({ args: ['-incoming', 'defer'] });
    const capabilities = [
      { capability: 'x-colo', state: true },
      { capability: 'events', state: true },
    ];
    for (const qemu of [primary, secondary]) await qemu.qmp('migrate-set-capabilities', { capabilities });
    await primary.qmp('migrate-set-parameters', { 'x-checkpoint-delay': 60_000 });
    await using first = await Observer.attach(primary);
    await using second = await Observer.attach(secondary);
    const uri = `unix:${secondary.directory}/migration.sock`;
    await secondary.qmp('migrate-incoming', { uri });
    await primary.qmp('migrate', { uri });
    for (const observer of [first, second]) await status(observer, 'colo');
    await primary.event('RESUME');
    await secondary.event('RESUME');
    await primary.qmp('x-colo-lost-heartbeat');
    await first.untilRaw('COLO_EXIT');
    await secondary.qmp('x-colo-lost-heartbeat');
    await second.untilRaw('COLO_EXIT');
    expect(first.raw('COLO_EXIT')).toMatchObject([{ mode: 'primary' }]);
    expect(second.raw('COLO_EXIT')).toMatchObject([{ mode: 'secondary' }]);
    for (const observer of [first, second]) expect(observer.ignored).toContain('COLO_EXIT');
  });
});
