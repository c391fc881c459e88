/** The driver on a real QEMU, with the small guest or with firmware alone, as a system that walks of the outside machine are run against. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Domain, type Driver, openDriver } from '../../../src/index.ts';
import type { Expectation, SystemStep, SystemUnderTest } from '../../../src/model/index.ts';
import { type Guest, startGuest } from '../../support/guest.ts';
import { acpi } from '../../support/provoke.ts';
import { type Qemu, startQemu } from '../../support/qemu.ts';
import { within } from '../../support/within.ts';
import { Calls } from './calls.ts';
import { HeldLine } from './held-line.ts';
import type { OutsideContext } from './outside-words.ts';
import { type CallName, commandOf } from './outside-words.ts';
import { Told, toldTypes } from './told.ts';

/** A QEMU that says nothing is noticed within a second or two; a busy one is not taken for one that is frozen for long. */
const times = { greetingMs: 500, pingIntervalMs: 500, pingTimeoutMs: 500 };
/** Until what is expected has come; then it is told what came instead. */
const BOUND_MS = 20_000;
const DEVICES = ['-device', 'pvpanic', '-device', 'ib700'];
const GUEST_DEVICES = ['-device', 'pvpanic-pci', '-action', 'panic=pause'];

/** One domain, from attach to the end of its walk. */
class Scene {
  readonly told = new Told();
  readonly calls = new Calls(this.told, () => this.#changed());
  readonly line: HeldLine;
  readonly #directory: string;
  readonly #withGuest: boolean;
  /** Null where there is only firmware. */
  guest: Guest | null = null;
  booted = false;
  /** Settles when the guest is through with what it was told. */
  slept: Promise<unknown> | undefined;
  qemu!: Qemu;
  driver!: Driver;
  domain!: Domain;
  isOff = false;
  frozen = false;
  #losses = 0;
  #changed = (): void => {};

  constructor(directory: string, withGuest: boolean) {
    this.#directory = directory;
    this.#withGuest = withGuest;
    this.line = new HeldLine(`${directory}/line.sock`);
  }

  get pidFile(): string {
    return `${this.#directory}/pid`;
  }

  async begin(): Promise<void> {
    await this.line.listen();
    await this.start(false);
    this.driver = await openDriver();
    // The end of work tells nothing, but something may wait for it.
    for (const type of [...toldTypes, 'outcome'] as const)
      this.driver.on(type, (event) => {
        this.told.note(event);
        if (event.type === 'state' && event.args.monitor === 'lost') this.#losses += 1;
        this.#changed();
      });
    const { pidFile, line } = this;
    this.domain = await this.driver.attach({ monitor: line.path, control: true, pidFile, times });
    await this.domain.info();
    await turn();
    this.told.take();
  }

  /** A new process; the one before it is gone. */
  async start(paused: boolean): Promise<void> {
    this.line.forget();
    if (this.#withGuest) {
      const qemu = await startGuest({ paused, machine: 'q35', args: GUEST_DEVICES });
      this.guest = qemu.guest;
      this.booted = false;
      this.qemu = qemu;
    } else this.qemu = await startQemu({ paused, args: DEVICES });
    this.line.target = this.qemu.path;
    await writeFile(this.pidFile, `${this.qemu.pid}\n`);
    this.isOff = false;
    this.frozen = false;
  }

  /** Its process is gone, and what it left. */
  async isGone(): Promise<void> {
    await this.qemu[Symbol.asyncDispose]();
    this.isOff = true;
  }

  /** Writes a port until QEMU says something once more: the firmware must have switched the ports on before. */
  async write(port: string, event: string): Promise<void> {
    const { qemu } = this;
    const said = (): number => qemu.events().filter((one) => one.event === event).length;
    const before = said();
    // The last one may be answered by the end of QEMU.
    while (said() === before)
      if (
        !(await qemu.hmp(port).then(
          () => true,
          () => false,
        ))
      )
        return;
  }

  /** What the guest makes of an action of QEMU's. */
  async act(action: Readonly<Record<string, string>>, port: string): Promise<void> {
    await this.qemu.qmp('set-action', action);
    // A QEMU that ends by it does not answer.
    await this.qemu.hmp(port).catch(() => {});
  }

  /** Waits until all has come that is expected, and nothing more can be on its way; not longer than it may take. */
  async settle(expected: Expectation): Promise<void> {
    const has = (): boolean =>
      this.told.count >= expected.effects.length &&
      isDeepStrictEqual(this.#driverSide(), driverSideOf(expected));
    await this.comesTo(has).catch(() => {});
    const { monitor } = this.domain.state;
    // A call would wait for the looks at what QEMU has.
    if (!this.calls.isPending('call')) await this.comesTo(() => this.#isIdle()).catch(() => {});
    // What QEMU said before this answer has come before it.
    if (monitor === 'ready' && !this.frozen && !this.isOff)
      await this.domain.execute('query-status').catch(() => {});
    await turn();
    await turn();
  }

  /** @throws Error if it does not in time */
  async comesTo(holds: () => boolean): Promise<void> {
    const come = (): Promise<void> =>
      new Promise((resolve) => {
        this.#changed = () => {
          if (holds()) resolve();
        };
        this.#changed();
      });
    await within(BOUND_MS, () => 'it does not come to it', come);
    this.#changed = () => {};
  }

  /** The line is lost, and may be there again. */
  losesLine(): Promise<void> {
    const before = this.#losses;
    return this.comesTo(() => this.#losses > before);
  }

  /** What a walk's value is of the scene. */
  async look(): Promise<object> {
    return { qemu: await this.#status(), ...this.#driverSide() };
  }

  #isIdle(): boolean {
    const { work, monitor } = this.domain.actor.getSnapshot().context;
    return monitor !== 'ready' || (work.running === null && work.waiting.length === 0);
  }

  #driverSide(): object {
    const { monitor, state } = this.domain.state;
    return {
      line: monitor,
      domain: state,
      call: this.calls.isPending('call') ? 'pending' : 'none',
      destroy: this.calls.isPending('destroy') ? 'pending' : 'none',
    };
  }

  async #status(): Promise<unknown> {
    if (this.isOff) return 'off';
    if (this.frozen) return 'frozen';
    return { awake: (await this.qemu.qmp<{ status: string }>('query-status')).status };
  }

  async end(): Promise<void> {
    await this.driver?.close();
    await this.line[Symbol.asyncDispose]();
    await this.qemu?.[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

const driverSideOf = ({ value }: Expectation): object => {
  const { qemu: _, ...rest } = value as Readonly<Record<string, unknown>>;
  return rest;
};

type Deed = (scene: Scene, step: SystemStep) => unknown;

const begin =
  (name: CallName): Deed =>
  ({ line, calls, domain }, { taken }) => {
    if (taken.includes(`call.none: call.${name} [0]`)) line.hold(commandOf[name]);
    calls.begin(domain, name);
  };

const PANIC = 'o /b 0x505 1';
const RESET = 'o /b 0xcf9 6';
const EXPIRE = 'o /b 0x443 0xf';

/** How each thing that a walk may do is done. What ends QEMU is followed by its end. */
const deeds: Readonly<Record<string, Deed>> = {
  'guest.powersOff': (scene) => scene.write(acpi.s5, 'SHUTDOWN'),
  'guest.sleeps': (scene) => scene.write(acpi.s3, 'SUSPEND'),
  'guest.sleepsOnDisk': (scene) => scene.write(acpi.s4, 'SUSPEND_DISK'),
  'guest.reboots': ({ qemu }) => qemu.hmp(RESET),
  'guest.panics': (scene) => scene.act({ panic: 'pause' }, PANIC),
  'guest.panicsAndRuns': (scene) => scene.act({ panic: 'none' }, PANIC),
  'guest.panicsAndEnds': (scene) => scene.act({ panic: 'shutdown' }, PANIC),
  'watchdog.pauses': (scene) => scene.act({ watchdog: 'pause' }, EXPIRE),
  'watchdog.resets': (scene) => scene.act({ watchdog: 'reset' }, EXPIRE),
  'watchdog.expires': (scene) => scene.act({ watchdog: 'none' }, EXPIRE),
  'watchdog.powersOff': (scene) => scene.act({ watchdog: 'poweroff' }, EXPIRE),
  'other.stop': ({ qemu }) => qemu.qmp('stop'),
  'other.cont': ({ qemu }) => qemu.qmp('cont'),
  'other.reset': ({ qemu }) => qemu.qmp('system_reset'),
  'other.wakeup': ({ qemu }) => qemu.qmp('system_wakeup'),
  'host.kills': ({ qemu }) => qemu.kill('SIGKILL'),
  'host.terminates': ({ qemu }) => qemu.kill('SIGTERM'),
  'host.starts': (scene) => scene.start(false),
  'host.startsPaused': (scene) => scene.start(true),
  'host.replaces': async (scene) => {
    // The one that it was is seen no more: the next one answers first.
    const { incarnation } = scene.domain.state;
    const before = scene.qemu;
    await scene.start(false);
    scene.line.broken = false;
    scene.line.drop();
    await scene.comesTo(() => scene.domain.state.incarnation !== incarnation);
    await before[Symbol.asyncDispose]();
  },
  'host.freezes': (scene) => {
    scene.qemu.kill('SIGSTOP');
    scene.frozen = true;
  },
  'host.thaws': (scene) => {
    scene.qemu.kill('SIGCONT');
    scene.frozen = false;
  },
  'line.breaks': ({ line }) => {
    line.broken = true;
    line.drop();
  },
  'line.returns': ({ line }) => {
    line.broken = false;
    line.drop();
  },
  'line.blinks': (scene) => {
    scene.line.drop();
    return scene.losesLine();
  },
  'line.garbles': (scene) => {
    scene.line.garble();
    return scene.losesLine();
  },
  'call.suspend': begin('suspend'),
  'call.resume': begin('resume'),
  'call.reset': begin('reset'),
  'call.shutdown': begin('shutdown'),
  'call.wakeup': begin('wakeup'),
  'call.destroy': ({ line, calls, domain }, { taken }) => {
    if (taken.includes('destroy.none: call.destroy [0]') && domain.state.monitor !== 'lost')
      line.hold('quit');
    calls.begin(domain, 'destroy');
  },
  'call.aborted': ({ calls }) => calls.abort('call'),
  'destroy.aborted': ({ calls }) => calls.abort('destroy'),
  'qemu.answers': ({ line }) => line.release(),
};

/** Null where there is only firmware; it has booted. */
async function guestOf(scene: Scene): Promise<Guest | null> {
  if (!scene.booted) await scene.guest?.ready();
  scene.booted = true;
  return scene.guest;
}

/** What the small guest does itself. */
const guestDeeds: Readonly<Record<string, Deed>> = {
  ...deeds,
  'guest.powersOff': async (scene) => (await guestOf(scene))?.send('poweroff -f'),
  'guest.panics': async (scene) => {
    (await guestOf(scene))?.send('echo c >/proc/sysrq-trigger');
    scene.booted = false;
  },
  'guest.sleeps': async (scene) => {
    const guest = await guestOf(scene);
    scene.slept = guest?.sh('echo deep >/sys/power/mem_sleep && echo mem >/sys/power/state');
  },
  // What is said to it before it is awake is lost.
  'other.wakeup': async (scene) => {
    await scene.qemu.qmp('system_wakeup');
    await scene.slept;
  },
};

/** What firmware alone can be made to do. What the line held is lost with it. */
export const possible = (type: string, { commands }: OutsideContext): boolean =>
  Object.hasOwn(deeds, type) && !(type.startsWith('line.') && commands.length > 0);

const REBOOT = 'emit reboot';

/** Resets that nobody asked for: how many the firmware makes of one, and of a wake-up, is not fixed. */
const withoutFurtherResets = (effects: readonly string[], expected: readonly string[]): string[] =>
  effects.filter(
    (line, at) => line !== REBOOT || (expected.includes(REBOOT) && effects.indexOf(REBOOT) === at),
  );

const isOff = ({ value }: Expectation): boolean => (value as { readonly qemu: unknown }).qemu === 'off';

/** @param options.withGuest - one boots in each QEMU, and does itself what it can */
export function realSystem({ withGuest = false } = {}): SystemUnderTest {
  let expected: readonly string[] = [];
  const ours = withGuest ? guestDeeds : deeds;
  let scene: Scene;
  return {
    async reset() {
      scene = new Scene(await mkdtemp('/tmp/qa-'), withGuest);
      await scene.begin();
    },
    do: {
      async '*'(step) {
        expected = step.expected.effects;
        if (step.taken.length === 0) return;
        const wasOff = scene.isOff;
        await ours[step.event.type]?.(scene, step);
        if (!wasOff && isOff(step.expected)) {
          await within(
            BOUND_MS,
            () => 'QEMU does not end',
            () => scene.qemu.exited,
          );
          await scene.isGone();
        }
        await scene.settle(step.expected);
      },
    },
    see: async () => ({
      value: await scene.look(),
      effects: withoutFurtherResets(scene.told.take(), expected),
    }),
    end: () => scene.end(),
  };
}
