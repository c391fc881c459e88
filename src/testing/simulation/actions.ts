/**
 * What may happen to a simulated domain, beside that what waits goes on: each a row. A row means something in any state;
 * where it does not apply, it does nothing.
 */
import type { Domain } from '../../domain.ts';
import type { FakeFaults } from '../fake-faults.ts';
import type { SimulatedDomain } from './simulated-domain.ts';
import type { World } from './world.ts';

export interface Action {
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Its kind of fault; null: an ordinary life has it too. */
  readonly fault: FaultKind | null;
  /** @param pick - decides what the row leaves open: any integer from 0 on */
  run(domain: SimulatedDomain, world: World, pick: number): void | Promise<void>;
}

export const faultKinds = ['death', 'hang', 'line', 'reply', 'bytes', 'host', 'subscriber', 'close'] as const;

/**
 * `death`: QEMU is killed. `hang`: it stops answering. `line`: its connection is cut, or refused a greeting. `reply`:
 * replies come late or never. `bytes`: rubbish, pieces, events twice. `host`: commands of the host fail or hang, its
 * interface is replaced. `subscriber`: callbacks throw, reject, subscribe and unsubscribe. `close`: the driver closes, a
 * domain is detached.
 */
export type FaultKind = (typeof faultKinds)[number];

/** Harmless by themselves: what each tells is no state of QEMU's that the fake would have to have. */
const EVENTS: readonly (readonly [event: string, data?: object])[] = [
  ['RTC_CHANGE', { offset: 3600, 'qom-path': '/machine/rtc' }],
  ['RTC_CHANGE', {}],
  ['BALLOON_CHANGE', { actual: 536_870_912 }],
  ['BALLOON_CHANGE', { actual: 'much' }],
  ['DEVICE_TRAY_MOVED', { device: '', id: 'cd0', 'tray-open': true }],
  ['DEVICE_TRAY_MOVED', { device: '', id: 'cd0', 'tray-open': false }],
  ['DEVICE_TRAY_MOVED', { id: 'nobody', 'tray-open': false }],
  ['VSERPORT_CHANGE', { id: 'nobody', open: true }],
  ['BLOCK_JOB_ERROR', { device: 'job0', operation: 'read', action: 'report' }],
  ['JOB_STATUS_CHANGE', { id: 'job0', status: 'created' }],
  ['JOB_STATUS_CHANGE', { id: 'job0', status: 'running' }],
  ['JOB_STATUS_CHANGE', { id: 'job0', status: 'null' }],
  ['BLOCK_IO_ERROR', { device: '', 'node-name': 'n0', operation: 'write', action: 'report', reason: 'x' }],
  [
    'MEMORY_FAILURE',
    { recipient: 'guest', action: 'inject', flags: { 'action-required': false, recursive: false } },
  ],
  ['GUEST_CRASHLOADED', { action: 'run' }],
  ['DEVICE_UNPLUG_GUEST_ERROR', { device: 'disk0', path: '/machine/peripheral/disk0' }],
  ['DEVICE_DELETED', { path: '/machine/peripheral/nobody' }],
  ['NIC_RX_FILTER_CHANGED', { path: '/machine/peripheral/nobody' }],
  ['ACPI_DEVICE_OST', { info: { slot: '0', 'slot-type': 'DIMM', source: 3, status: 0 } }],
  ['X_NEW_EVENT', { any: 'thing' }],
  ['MIGRATION_PASS', { pass: 2 }],
  ['UNPLUG_PRIMARY', { 'device-id': 'net0' }],
];

const COMMANDS = [
  'query-rx-filter',
  'query-status',
  'stop',
  'cont',
  'system_reset',
  'device_del',
  'query-block',
];

type Operation = (domain: Domain, options: { signal: AbortSignal }, pick: number) => Promise<unknown>;

const operations: Readonly<Record<string, Operation>> = {
  suspend: (domain, options) => domain.suspend(options),
  resume: (domain, options) => domain.resume(options),
  reset: (domain, options) => domain.reset(options),
  shutdown: (domain, options) => domain.shutdown(options),
  reboot: (domain, options) => domain.reboot(options),
  wakeup: (domain, options) => domain.wakeup(options),
  injectNmi: (domain, options) => domain.injectNmi(options),
  detachDevice: (domain, options, pick) => domain.detachDevice(`disk${pick % 4}`, options),
  eject: (domain, options, pick) => domain.eject(`cd${pick % 3}`, { ...options, force: pick % 2 === 0 }),
  destroy: (domain, options) => domain.destroy(options),
  stop: (domain, options) => domain.execute('stop', {}, options),
  cont: (domain, options) => domain.execute('cont', {}, options),
  'query-status': (domain, options) => domain.execute('query-status', {}, options),
  'no-such-command': (domain, options) => domain.execute<unknown>('no-such-command', {}, options),
  info: (domain, options) => domain.info(options),
};

const of = <T>(list: readonly T[], pick: number): T => list[pick % list.length] as T;

/** @param aborted - the caller gives up, at some later step */
function call(
  domain: SimulatedDomain,
  world: World,
  pick: number,
  aborted: boolean,
  names: readonly string[],
): void {
  const { follower } = domain;
  const name = of(names, pick);
  const operation = operations[name];
  if (follower === null || operation === undefined) return;
  const abort = new AbortController();
  if (aborted) world.later(`${domain.label} abort`, () => abort.abort(world.aborted));
  world.call(domain, name, operation(follower.domain, { signal: abort.signal }, pick >> 4));
}

const ORDINARY = Object.keys(operations).filter((name) => name !== 'destroy');

const fault = (
  kind: FaultKind,
  weight: number,
  run: (faults: FakeFaults, pick: number, domain: SimulatedDomain, world: World) => void | Promise<void>,
): Action => ({
  weight,
  fault: kind,
  run: (domain, world, pick) => run(domain.qemu.faults, pick, domain, world),
});

const guest = (weight: number, run: (domain: SimulatedDomain, pick: number) => void): Action => ({
  weight,
  fault: null,
  run: (domain, _, pick) => {
    if (domain.qemu.alive) run(domain, pick);
  },
});

const isRunning = ({ qemu }: SimulatedDomain): boolean => qemu.alive && qemu.status === 'running';

export const actions: Readonly<Record<string, Action>> = {
  'guest changes its filter': guest(40, (domain, pick) => domain.changeFilter(pick)),
  'guest changes its filter often': guest(4, (domain, pick) => {
    for (let n = 0; n < 20; n += 1) domain.changeFilter(pick + n);
  }),
  'guest changes the other filter': guest(4, (domain, pick) => domain.changeFilter(pick, 'net1')),
  'guest does something': guest(60, ({ qemu }, pick) => qemu.emit(...of(EVENTS, pick))),
  'guest does much': guest(6, ({ qemu }, pick) => {
    for (let n = 0; n < 10; n += 1) qemu.emit(...of(EVENTS, pick + n * 7));
  }),
  'guest resets': guest(12, ({ qemu }) => qemu.guestReset()),
  'guest powers off': guest(4, (domain) => {
    if (isRunning(domain)) domain.qemu.guestShutdown();
  }),
  'guest falls asleep': guest(6, (domain) => {
    if (isRunning(domain)) domain.qemu.guestSuspend();
  }),
  'guest panics': guest(4, (domain, pick) => {
    if (isRunning(domain)) domain.qemu.guestPanic(pick % 2 === 0 ? 'pause' : 'shutdown');
  }),
  'watchdog fires': guest(8, (domain, pick) => {
    if (isRunning(domain)) domain.qemu.watchdog(of(['pause', 'reset', 'shutdown', 'none', 'poweroff'], pick));
  }),
  'API call': {
    weight: 90,
    fault: null,
    run: (domain, world, pick) => call(domain, world, pick, false, ORDINARY),
  },
  'API call that is given up': {
    weight: 12,
    fault: null,
    run: (domain, world, pick) => call(domain, world, pick, true, ORDINARY),
  },
  destroy: {
    weight: 3,
    fault: null,
    run: (domain, world, pick) => call(domain, world, pick, pick % 8 === 0, ['destroy']),
  },
  'QEMU ends': guest(1, ({ qemu }) => void qemu.terminate()),
  'QEMU starts': {
    weight: 24,
    fault: null,
    run: (domain, _, pick) => (domain.qemu.alive ? undefined : domain.restart(pick % 2 === 0)),
  },
  attach: { weight: 12, fault: null, run: (domain, world) => world.attach(domain) },
  'attach twice': {
    weight: 1,
    fault: null,
    run: (domain, world) => world.attachTwice(domain),
  },

  'QEMU is killed': fault('death', 3, (_, __, { qemu }) => qemu.kill()),
  'QEMU is killed and starts': fault('death', 1, (_, pick, domain) => domain.restart(pick % 2 === 0)),
  'QEMU dies at a command': fault('death', 2, (faults, pick) =>
    faults.dieAt(of(COMMANDS, pick), pick % 2 === 0 ? 'before-reply' : 'after-reply'),
  ),
  'QEMU hangs': fault('hang', 2, (_, __, domain) => domain.hang(true)),
  'QEMU goes on': fault('hang', 10, (_, __, domain) => domain.hang(false)),
  'line is cut': fault('line', 3, (faults, pick) => faults.closeAfterBytes(pick % 300)),
  'greeting is withheld': fault('line', 1, (faults, pick) =>
    faults.greeting(of([null, 'hello\n', undefined], pick)),
  ),
  'nobody listens': fault('line', 1, (faults, _, { traits }) =>
    traits.knowsPid ? faults.refuse() : undefined,
  ),
  'somebody listens': fault('line', 8, (faults) => faults.refuse(false)),
  'reply is lost': fault('reply', 2, (faults, pick) => faults.dropReply(of(COMMANDS, pick))),
  'reply is slow': fault('reply', 3, (faults, pick) =>
    faults.delayReply(of(COMMANDS, pick), 1 + (pick % 20_000)),
  ),
  'output comes in pieces': fault('bytes', 1, (faults, pick) => faults.chunk(20 + (pick % 200))),
  'events come twice': fault('bytes', 1, (faults, pick) => faults.duplicateEvents(pick % 2 === 0)),
  rubbish: fault('bytes', 1, (faults, pick, { follower }) => {
    if (follower !== null) follower.story.spoiled += 1;
    faults.rubbish(
      of(
        ['no JSON\n', '{"event":5}\n', '[]\n', '{"return":{},"id":"nobody"}\n', '{"event":"X_RUBBISH"}\n'],
        pick,
      ),
    );
  }),
  'faults end': fault('line', 10, (faults) => faults.clear()),
  'host fails': fault('host', 2, (_, pick, __, world) =>
    world.hostFails(pick % 2 === 0 ? 'failing' : 'hanging', true),
  ),
  'host works': fault('host', 4, (_, pick, __, world) =>
    world.hostFails(pick % 2 === 0 ? 'failing' : 'hanging', false),
  ),
  'interface is replaced': fault('host', 3, (_, pick, domain, world) => {
    domain.interfaceReplaced = true;
    world.replaceInterface(domain, pick % 3 === 0);
  }),
  'somebody subscribes': fault('subscriber', 10, (_, pick, domain, world) =>
    world.driverOf(domain).subscribe(pick),
  ),
  'somebody unsubscribes': fault('subscriber', 5, (_, pick, domain, world) =>
    world.driverOf(domain).unsubscribe(pick),
  ),
  detach: fault('close', 1, (_, __, domain, world) => world.detach(domain)),
  'driver closes': fault('close', 1, (_, __, domain, world) => world.driverOf(domain).close()),
};
