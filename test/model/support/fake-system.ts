/** The driver on a fake QEMU, in virtual time, as a system that walks of the outside machine are run against. */
import { type Domain, type Driver, openDriver } from '../../../src/index.ts';
import type { SystemStep, SystemUnderTest } from '../../../src/model/index.ts';
import { QmpClient } from '../../../src/qmp/index.ts';
import { FakeQemu, SimulatedRuntime } from '../../../src/testing/index.ts';
import { Calls } from './calls.ts';
import type { Stimulus } from './outside-setup.ts';
import { type CallName, commandOf, type OutsideInput } from './outside-words.ts';
import { Told, toldTypes } from './told.ts';

const PATH = '/web1';
const PID_FILE = '/web1.pid';
const MAC = '52:54:00:12:34:56';
const NIC = {
  ...{ type: 'net', alias: 'net0', trustGuestRxFilters: true },
  host: { interface: 'mvt0', kind: 'macvtap' },
} as const;
/** Time passes in pieces of this. */
const PIECE_MS = 250;
/** Until a QEMU that says nothing is unresponsive: docs/architecture.md, "EOF is not death". */
const SILENCE_MS = 15_000;

/** One domain, from attach to the end of its walk. */
class Scene {
  readonly #input: OutsideInput;
  readonly told = new Told();
  readonly calls = new Calls(this.told);
  readonly runtime = new SimulatedRuntime(1);
  qemu!: FakeQemu;
  driver!: Driver;
  domain!: Domain;
  frozen = false;
  #other!: QmpClient;
  /** Let go the commands that QEMU has read and not carried out. */
  #held: (() => void)[] = [];

  constructor(input: OutsideInput) {
    this.#input = input;
  }

  async begin(): Promise<void> {
    const { runtime } = this;
    runtime.host.addInterface('mvt0', MAC);
    await this.start('running');
    this.driver = await openDriver({ runtime, host: 'apply' });
    for (const type of toldTypes) this.driver.on(type, (event) => this.told.note(event));
    this.domain = await runtime.until(
      this.driver.attach({ monitor: PATH, control: true, pidFile: PID_FILE, devices: [NIC] }),
    );
    await this.rest();
    this.told.take();
  }

  /** A new process; the one before it is gone. */
  async start(status: 'running' | 'prelaunch'): Promise<void> {
    const { runtime } = this;
    const { listener } = runtime;
    const nics = [{ name: NIC.alias }];
    const qemu = await FakeQemu.start({
      ...{ path: PATH, runtime, listener, status, nics, monitors: 2 },
      ...(this.#input.outlives ? { actions: { shutdown: 'pause' } } : {}),
    });
    this.qemu = qemu;
    this.#held = [];
    this.frozen = false;
    const pid = runtime.processes.start({
      get alive() {
        return qemu.alive;
      },
      onSignal: (signal) => void (signal === 'SIGKILL' ? qemu.kill() : qemu.terminate()),
    });
    runtime.texts.set(PID_FILE, `${pid}\n`);
    await this.connectOther();
  }

  /** Another client of this QEMU, as a manager may be. */
  async connectOther(): Promise<void> {
    const { runtime } = this;
    this.#other = await runtime.until(QmpClient.connect(`${PATH}.2`, { runtime }));
  }

  /** Everything happens that can without time. */
  async rest(): Promise<void> {
    const { runtime } = this;
    await runtime.settle();
    while (runtime.choices.size > 0) await runtime.step();
  }

  async pass(ms: number, pieceMs = PIECE_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += pieceMs) {
      this.runtime.pass(pieceMs);
      await this.rest();
    }
  }

  async passUntil(holds: () => boolean): Promise<void> {
    for (let passed = 0; passed < 5000 && !holds(); passed += PIECE_MS) await this.pass(PIECE_MS);
  }

  /** The next command of this name is held, from when QEMU has read it. */
  hold(command: string): void {
    const released = new Promise<void>((resolve) => this.#held.push(resolve));
    this.qemu.faults.once(command, () => released);
  }

  release(): void {
    this.#held.shift()?.();
  }

  /** What another client of this QEMU sends. */
  other(command: 'stop' | 'cont' | 'system_reset' | 'system_wakeup'): Promise<unknown> {
    return this.runtime.until(this.#other.execute(command));
  }

  cut(): void {
    this.qemu.faults.closeAfterBytes(0);
    this.qemu.emit('POWERDOWN');
  }

  async end(): Promise<void> {
    await this.runtime.until(this.driver.close());
    await this.qemu.close();
  }
}

const isOff = ({ domain }: Scene): boolean => !domain.state.active;
const isLost = ({ domain }: Scene): boolean => domain.state.monitor === 'lost';
const isReady = ({ domain }: Scene): boolean => domain.state.monitor === 'ready';

/** How each thing that a walk may do is done; then everything happens that follows from it. */
const deeds: Readonly<Record<Stimulus, (scene: Scene, step: SystemStep) => unknown>> = {
  'guest.powersOff': ({ qemu }) => qemu.guestShutdown(),
  'guest.reboots': ({ qemu }) => qemu.guestReset(),
  'guest.panics': ({ qemu }) => qemu.guestPanic('pause'),
  'guest.panicsAndRuns': ({ qemu }) => qemu.guestPanic('none'),
  'guest.panicsAndEnds': ({ qemu }) => qemu.guestPanic('shutdown'),
  'guest.sleeps': ({ qemu }) => qemu.guestSuspend(),
  'guest.talks': ({ qemu }) => {
    for (const [event, data] of talk) qemu.emit(event, data);
  },
  'guest.sleepsOnDisk': ({ qemu }) => {
    qemu.emit('SUSPEND_DISK');
    qemu.guestShutdown();
  },
  'watchdog.pauses': ({ qemu }) => qemu.watchdog('pause'),
  'watchdog.resets': ({ qemu }) => qemu.watchdog('reset'),
  'watchdog.expires': ({ qemu }) => qemu.watchdog('none'),
  'watchdog.powersOff': ({ qemu }) => qemu.watchdog('poweroff'),
  'disk.fails': ({ qemu }) => qemu.emit('BLOCK_IO_ERROR', ioError('report')),
  'disk.failsAndPauses': (scene) => {
    scene.qemu.emit('BLOCK_IO_ERROR', ioError('stop'));
    return scene.other('stop');
  },
  'other.stop': (scene) => scene.other('stop'),
  'other.cont': (scene) => scene.other('cont'),
  'other.reset': (scene) => scene.other('system_reset'),
  'other.wakeup': (scene) => scene.other('system_wakeup'),
  'host.kills': ({ qemu }) => qemu.kill(),
  'host.terminates': ({ qemu }) => qemu.terminate(),
  'host.starts': async (scene) => {
    await scene.start('running');
    await scene.passUntil(() => isReady(scene));
  },
  'host.startsPaused': async (scene) => {
    await scene.start('prelaunch');
    await scene.passUntil(() => isReady(scene));
  },
  'host.replaces': async (scene) => {
    const { incarnation } = scene.domain.state;
    scene.qemu.kill();
    await scene.start('running');
    await scene.rest();
    await scene.passUntil(() => isReady(scene) && scene.domain.state.incarnation !== incarnation);
  },
  'host.freezes': async (scene) => {
    scene.qemu.hang();
    scene.frozen = true;
    await scene.pass(SILENCE_MS, 1000);
  },
  'host.thaws': async (scene) => {
    scene.qemu.resume();
    scene.frozen = false;
    await scene.passUntil(() => isReady(scene));
  },
  'line.breaks': async (scene) => {
    await scene.qemu.faults.refuse();
    scene.cut();
  },
  'line.returns': async (scene) => {
    await scene.qemu.faults.refuse(false);
    await scene.passUntil(() => isReady(scene));
  },
  'line.blinks': (scene) => scene.cut(),
  'line.garbles': async (scene) => {
    scene.qemu.faults.rubbish('no JSON\n');
    await scene.rest();
    // The other one was told it too.
    await scene.connectOther();
    await scene.passUntil(() => isReady(scene));
  },
  'call.suspend': (scene, step) => begin(scene, 'suspend', step),
  'call.resume': (scene, step) => begin(scene, 'resume', step),
  'call.reset': (scene, step) => begin(scene, 'reset', step),
  'call.shutdown': (scene, step) => begin(scene, 'shutdown', step),
  'call.wakeup': (scene, step) => begin(scene, 'wakeup', step),
  'call.destroy': (scene, { taken }) => {
    if (taken.includes('destroy.none: call.destroy [0]') && !isLost(scene)) scene.hold('quit');
    scene.calls.begin(scene.domain, 'destroy');
  },
  'call.aborted': ({ calls }) => calls.abort('call'),
  'destroy.aborted': ({ calls }) => calls.abort('destroy'),
  'qemu.answers': (scene) => scene.release(),
  'time.passes': async (scene) => {
    for (let n = 0; n < 3 && !isOff(scene); n += 1) await scene.passUntil(() => isOff(scene));
  },
};

/** What changes no state. */
const talk: readonly (readonly [event: string, data: object])[] = [
  ['RTC_CHANGE', { offset: 3600, 'qom-path': '/machine/rtc' }],
  ['BALLOON_CHANGE', { actual: 536_870_912 }],
  ['DEVICE_TRAY_MOVED', { device: '', id: 'nobody', 'tray-open': false }],
  ['VSERPORT_CHANGE', { id: 'nobody', open: true }],
  ['JOB_STATUS_CHANGE', { id: 'job0', status: 'created' }],
  ['JOB_STATUS_CHANGE', { id: 'job0', status: 'null' }],
  ['NIC_RX_FILTER_CHANGED', { name: NIC.alias, path: '/machine/peripheral/net0/virtio-backend' }],
  ['DEVICE_DELETED', { path: '/machine/peripheral/nobody' }],
  ['MIGRATION_PASS', { pass: 2 }],
  ['X_NEW_EVENT', { any: 'thing' }],
];

const ioError = (action: 'stop' | 'report'): object => ({
  ...{ device: '', 'node-name': 'disk0', operation: 'write', action, reason: 'No space left on device' },
  nospace: false,
});

/** Its command is held if it is sent, as the walk says. */
function begin(scene: Scene, name: CallName, { taken }: SystemStep): void {
  if (taken.includes(`call.none: call.${name} [0]`)) scene.hold(commandOf[name]);
  scene.calls.begin(scene.domain, name);
}

/** What a walk's value is of the scene. */
const lookAt = ({ qemu, frozen, domain, calls }: Scene): object => ({
  qemu: !qemu.alive ? 'off' : frozen ? 'frozen' : { awake: qemu.status },
  line: domain.state.monitor,
  domain: domain.state.state,
  call: calls.isPending('call') ? 'pending' : 'none',
  destroy: calls.isPending('destroy') ? 'pending' : 'none',
});

export interface FakeSystem extends SystemUnderTest {
  /** Is told of each domain that is attached. */
  onDomain: (domain: Domain) => void;
}

export function fakeSystem(input: OutsideInput): FakeSystem {
  let scene: Scene;
  const system: FakeSystem = {
    onDomain: () => {},
    async reset() {
      scene = new Scene(input);
      await scene.begin();
      system.onDomain(scene.domain);
    },
    do: Object.fromEntries(
      Object.entries(deeds).map(([type, deed]) => [
        type,
        async (step: SystemStep) => {
          // What the machine does not take is not done.
          if (step.taken.length === 0) return;
          await deed(scene, step);
          await scene.rest();
          // That nobody answers any more is found out at the next attempt.
          if (!scene.qemu.alive) await scene.passUntil(() => isOff(scene));
        },
      ]),
    ),
    see: () => ({ value: lookAt(scene), effects: scene.told.take() }),
    end: () => scene.end(),
  };
  return system;
}
