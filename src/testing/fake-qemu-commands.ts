/**
 * What a fake QEMU answers to commands, in the words and the order of QEMU 7.2.
 *
 * An event that a command causes stands before its reply, but for `device_del`.
 * Checked against a real QEMU by `test/qemu/fake-matches-real.test.ts`.
 */
import type { RunState, RxFilterInfo } from '../qmp/commands.ts';

/** Thrown by a command's handler: QEMU's answer is this error. */
export class FakeCommandError extends Error {
  override readonly name = 'FakeCommandError';
  /** QAPI error class. */
  readonly errorClass: string;

  /** @param errorClass - `GenericError`, `CommandNotFound`, `DeviceNotFound`, … */
  constructor(errorClass: string, desc: string) {
    super(desc);
    this.errorClass = errorClass;
  }
}

/** A network device of a fake QEMU. */
export interface FakeNic {
  readonly name: string;
  filter: RxFilterInfo;
  /** Whether the next change is told by an event; after it QEMU is silent until `query-rx-filter`. */
  armed: boolean;
}

/** QAPI `set-action`: what QEMU does about these things. */
export interface FakeActions {
  reboot: 'reset' | 'shutdown';
  shutdown: 'poweroff' | 'pause';
  panic: 'pause' | 'shutdown' | 'exit-failure' | 'none';
  watchdog: 'reset' | 'shutdown' | 'poweroff' | 'pause' | 'debug' | 'none' | 'inject-nmi';
}

/** What stands behind devices: names of each kind. */
export interface FakeBackends {
  readonly netdevs: Set<string>;
  readonly chardevs: Set<string>;
  readonly objects: Set<string>;
  readonly nodes: Set<string>;
}

/** A drive without a medium, and its tray. */
export interface FakeDrive {
  readonly id: string;
  open: boolean;
  locked: boolean;
}

/** One run of a fake QEMU: what is gone when its process is gone. */
export interface FakeProcess {
  alive: boolean;
  status: RunState;
  readonly nics: Map<string, FakeNic>;
  /** Ids of devices that can be unplugged; NICs too. */
  readonly devices: Set<string>;
  /** Asked by `device_del`; a guest that runs lets go of them. */
  readonly unplugging: Set<string>;
  readonly backends: FakeBackends;
  readonly drives: Map<string, FakeDrive>;
  readonly actions: FakeActions;
}

/** What a command may do to its QEMU. */
export interface CommandContext {
  readonly process: FakeProcess;
  readonly name: string | undefined;
  readonly uuid: string;
  emit(event: string, data?: object): void;
  /** Runs it when the reply is out. */
  afterReply(action: () => void): void;
  /** The guest lets go of what `device_del` asked for: if it runs, or anyway. */
  unplug(anyway?: boolean): void;
  /** The process ends in order. */
  end(): void;
}

export type CommandFunction = (context: CommandContext, args: Record<string, unknown>) => unknown;

interface FakeCommand {
  /** Name → type; a `?` at the name's end where it is optional. QEMU refuses all others. */
  readonly parameters: Readonly<Record<string, 'string' | 'boolean' | 'array'>>;
  readonly run: CommandFunction;
}

/** @internal */
export const FAKE_VERSION = { qemu: { micro: 22, minor: 2, major: 7 }, package: 'fake' };

/** QEMU stays in these until it is reset (`softmmu/runstate.c:runstate_needs_reset`). */
const NEEDS_RESET: readonly RunState[] = ['internal-error', 'shutdown'];

const generic = (desc: string): FakeCommandError => new FakeCommandError('GenericError', desc);
const noDevice = (id: string): FakeCommandError =>
  new FakeCommandError('DeviceNotFound', `Device '${id}' not found`);

/** A command that removes something by its name. */
const removal = (
  parameter: 'id' | 'node-name',
  kind: keyof FakeBackends,
  missing: (name: string) => FakeCommandError,
): FakeCommand => ({
  parameters: { [parameter]: 'string' },
  run({ process }, args) {
    const name = String(args[parameter]);
    if (!process.backends[kind].delete(name)) throw missing(name);
    return {};
  },
});

/** @internal */
export const fakeCommands: Readonly<Record<string, FakeCommand>> = {
  /** The dispatcher's own: it concerns a client, not the machine. */
  qmp_capabilities: { parameters: { 'enable?': 'array' }, run: () => ({}) },
  'query-status': {
    parameters: {},
    run: ({ process }) => ({
      status: process.status,
      singlestep: false,
      running: process.status === 'running',
    }),
  },
  'query-name': { parameters: {}, run: ({ name }) => (name === undefined ? {} : { name }) },
  'query-uuid': { parameters: {}, run: ({ uuid }) => ({ UUID: uuid }) },
  'query-version': { parameters: {}, run: () => FAKE_VERSION },
  'query-commands': {
    parameters: {},
    run: () => Object.keys(fakeCommands).map((name) => ({ name })),
  },
  stop: {
    parameters: {},
    run({ process, emit }) {
      if (process.status !== 'running') return {};
      process.status = 'paused';
      emit('STOP');
      return {};
    },
  },
  cont: {
    parameters: {},
    run({ process, emit, unplug }) {
      if (NEEDS_RESET.includes(process.status)) throw generic('Resetting the Virtual Machine is required');
      if (process.status === 'running' || process.status === 'suspended') return {};
      process.status = 'running';
      emit('RESUME');
      unplug();
      return {};
    },
  },
  system_reset: {
    parameters: {},
    run(context) {
      reset(context, false, 'host-qmp-system-reset');
      return {};
    },
  },
  system_powerdown: {
    parameters: {},
    run({ emit }) {
      emit('POWERDOWN');
      return {};
    },
  },
  system_wakeup: {
    parameters: {},
    run({ process, emit }) {
      if (process.status !== 'suspended') throw generic('Unable to wake up: guest is not in suspended state');
      process.status = 'running';
      emit('WAKEUP');
      return {};
    },
  },
  quit: {
    parameters: {},
    run({ emit, afterReply, end }) {
      emit('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' });
      afterReply(end);
      return {};
    },
  },
  'set-action': {
    parameters: { 'reboot?': 'string', 'shutdown?': 'string', 'panic?': 'string', 'watchdog?': 'string' },
    run({ process }, args) {
      Object.assign(process.actions, args);
      return {};
    },
  },
  'query-rx-filter': {
    parameters: { 'name?': 'string' },
    run({ process }, { name }) {
      if (typeof name === 'string' && !process.nics.has(name))
        throw generic(`invalid net client name: ${name}`);
      const asked = [...process.nics.values()].filter((nic) => name === undefined || nic.name === name);
      for (const nic of asked) nic.armed = true;
      return asked.map((nic) => nic.filter);
    },
  },
  'qom-list': {
    parameters: { path: 'string' },
    run({ process }, { path }) {
      // No other path is there: the fake has no objects, only names of devices.
      if (path !== '/machine/peripheral') throw noDevice(String(path));
      return [...process.devices].map((name) => ({
        name,
        type: process.nics.has(name) ? 'child<virtio-net-pci>' : 'child<device>',
      }));
    },
  },
  device_del: {
    parameters: { id: 'string' },
    run({ process, afterReply, unplug }, args) {
      const id = String(args.id);
      if (!process.devices.has(id)) throw noDevice(id);
      if (process.unplugging.has(id)) throw generic(`Device ${id} is already in the process of unplug`);
      process.unplugging.add(id);
      afterReply(() => unplug());
      return {};
    },
  },
  netdev_del: removal('id', 'netdevs', noDevice),
  'chardev-remove': removal('id', 'chardevs', (name) => generic(`Chardev '${name}' not found`)),
  'object-del': removal('id', 'objects', (name) => generic(`object '${name}' not found`)),
  'blockdev-del': removal('node-name', 'nodes', (name) =>
    generic(`Failed to find node with node-name='${name}'`),
  ),
  'inject-nmi': { parameters: {}, run: () => ({}) },
  'query-balloon': {
    parameters: {},
    run() {
      throw new FakeCommandError('DeviceNotActive', 'No balloon device has been activated');
    },
  },
  'query-block': {
    parameters: {},
    run: ({ process }) =>
      [...process.drives.values()].map(({ id, open, locked }) => ({
        'io-status': 'ok',
        device: '',
        locked,
        removable: true,
        qdev: id,
        tray_open: open,
        type: 'unknown',
      })),
  },
  'blockdev-open-tray': {
    parameters: { 'device?': 'string', 'id?': 'string', 'force?': 'boolean' },
    run({ process, emit }, { device, id, force }) {
      if ((device === undefined) === (id === undefined))
        throw generic("Need exactly one of 'device' and 'id'");
      const drive = process.drives.get(String(id));
      if (drive === undefined) throw noDevice(String(id ?? device));
      // A guest that locked it is asked, and may open it later.
      if (drive.open || (drive.locked && force !== true)) return {};
      drive.open = true;
      emit('DEVICE_TRAY_MOVED', { device: '', 'tray-open': true, id: drive.id });
      return {};
    },
  },
};

/** QEMU's own check of a command's arguments. @throws {FakeCommandError} in its words */
export function checkArguments(command: FakeCommand, args: Record<string, unknown>): void {
  const known = new Set<string>();
  for (const [key, type] of Object.entries(command.parameters)) {
    const name = key.replace('?', '');
    known.add(name);
    if (!Object.hasOwn(args, name)) {
      if (name === key) throw generic(`Parameter '${name}' is missing`);
    } else if (type !== 'array' && typeof args[name] !== type)
      throw generic(`Invalid parameter type for '${name}', expected: ${type}`);
  }
  const unexpected = Object.keys(args).find((name) => !known.has(name));
  if (unexpected !== undefined) throw generic(`Parameter '${unexpected}' is unexpected`);
}

/** A reset, or what `set-action` made of it. A machine that does not run waits for `cont` after it. */
export function reset(context: CommandContext, guest: boolean, reason: string): void {
  const { process, emit } = context;
  if (process.actions.reboot === 'shutdown') {
    shutdown(context, guest, reason);
    return;
  }
  emit('RESET', { guest, reason });
  if (process.status !== 'running' && process.status !== 'inmigrate' && process.status !== 'finish-migrate')
    process.status = 'prelaunch';
  for (const nic of process.nics.values()) nic.filter = initialFilter(nic.name, nic.filter['main-mac']);
  context.unplug(true);
}

/** A shutdown, or what `set-action` made of it (`-no-shutdown`: QEMU stays, stopped). */
export function shutdown(context: CommandContext, guest: boolean, reason: string): void {
  const { process, emit } = context;
  emit('SHUTDOWN', { guest, reason });
  if (process.actions.shutdown === 'poweroff') context.afterReply(context.end);
  else if (process.status === 'running') {
    process.status = 'shutdown';
    emit('STOP');
  }
}

/** The filter of a network device whose guest has not set anything, without the 4096 VLANs. */
export function initialFilter(name: string, mac = '52:54:00:12:34:56'): RxFilterInfo {
  return {
    name,
    promiscuous: true,
    multicast: 'normal',
    unicast: 'normal',
    vlan: 'none',
    'broadcast-allowed': true,
    'multicast-overflow': false,
    'unicast-overflow': false,
    'main-mac': mac,
    'vlan-table': [],
    'unicast-table': [],
    'multicast-table': [],
  };
}
