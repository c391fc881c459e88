/** One QEMU of a simulated host with what stands around it: its process, its interface, its domain if it is attached. */

import type { Domain } from '../../domain.ts';
import type { AttachOptions, Driver } from '../../driver.ts';
import { QemuError } from '../../errors.ts';
import { FakeQemu } from '../fake-qemu.ts';
import type { Follower } from './follower.ts';
import type { SimulatedRuntime } from './simulated-runtime.ts';

const NIC_MAC = '52:54:00:12:34:56';

/** What is tried of the API, and how it ended. */
export interface Call {
  readonly name: string;
  readonly startedMs: number;
}

/** How the domain is attached; half of them each. */
interface Traits {
  readonly control: boolean;
  readonly knowsPid: boolean;
  readonly policies: Pick<AttachOptions, 'onPoweroff' | 'onCrash'>;
}

export class SimulatedDomain {
  readonly index: number;
  readonly label: string;
  readonly qemu: FakeQemu;
  readonly traits: Traits;
  readonly interface: string;
  /** It is not the one that was there at attach: it need not follow the guest any more. */
  interfaceReplaced = false;
  hung = false;
  /** Null while it is not attached. */
  follower: Follower | null = null;
  readonly calls = new Set<Call>();
  readonly #runtime: SimulatedRuntime;
  #pid = 0;
  #runs = 0;

  static async start(index: number, runtime: SimulatedRuntime): Promise<SimulatedDomain> {
    const label = `d${index}`;
    const qemu = await FakeQemu.start({
      path: `/${label}`,
      name: label,
      runtime,
      listener: runtime.listener,
      status: index % 3 === 0 ? 'prelaunch' : 'running',
      nics: [{ name: 'net0' }, { name: 'net1' }],
      devices: ['disk0', 'disk1', 'disk2'],
      drives: [{ id: 'cd0' }, { id: 'cd1', locked: true }],
    });
    return new SimulatedDomain(index, label, qemu, runtime);
  }

  private constructor(index: number, label: string, qemu: FakeQemu, runtime: SimulatedRuntime) {
    this.index = index;
    this.label = label;
    this.qemu = qemu;
    this.interface = `mvt${index}`;
    this.#runtime = runtime;
    this.traits = {
      control: index % 2 === 0,
      knowsPid: index % 4 < 2,
      policies:
        index % 8 === 0
          ? { onPoweroff: 'restart', onCrash: 'restart' }
          : index % 8 === 4
            ? { onPoweroff: 'destroy', onCrash: 'destroy' }
            : {},
    };
    runtime.host.addInterface(this.interface, NIC_MAC);
    runtime.host.addInterface(`${this.interface}u`, NIC_MAC);
    this.#begin();
  }

  get domain(): Domain | null {
    return this.follower?.domain ?? null;
  }

  /** Number of the present process, or of the last one. */
  get run(): number {
    return this.#runs;
  }

  /** A new process; the old one is killed if it lives. @param samePid - the system gave the number out again */
  async restart(samePid: boolean): Promise<void> {
    this.hung = false;
    await this.qemu.restart();
    this.#begin(samePid ? this.#pid : undefined);
  }

  /** SIGSTOP, or SIGCONT. */
  hang(on: boolean): void {
    this.hung = on;
    if (on) this.qemu.hang();
    else this.qemu.resume();
  }

  /** The guest's filter is one of a few that differ. @param nic - `net1` is not trusted */
  changeFilter(pick: number, nic: 'net0' | 'net1' = 'net0'): void {
    this.qemu.setRxFilter(nic, {
      'main-mac': `52:54:00:12:34:${(pick % 64).toString(16).padStart(2, '0')}`,
      promiscuous: pick % 3 === 0,
      'multicast-table': pick % 2 === 0 ? ['01:00:5e:00:00:fb'] : [],
    });
  }

  /** Waits for whoever answers. */
  attach(driver: Driver, options: Pick<AttachOptions, 'signal' | 'trace'>): Promise<Domain> {
    const { control, knowsPid, policies } = this.traits;
    return driver.attach({
      monitor: `/${this.label}`,
      wait: true,
      devices: [
        {
          type: 'net',
          alias: 'net0',
          trustGuestRxFilters: true,
          host: { interface: this.interface, kind: 'macvtap' },
        },
        // Its interface is there, and nobody may change it.
        { type: 'net', alias: 'net1', host: { interface: `${this.interface}u`, kind: 'macvtap' } },
        { type: 'disk', alias: 'disk0' },
        { type: 'disk', alias: 'cd0' },
        { type: 'disk', alias: 'cd1' },
      ],
      ...(knowsPid ? { pidFile: this.#pidFile } : {}),
      ...(control ? { control, ...policies } : {}),
      ...options,
    } as AttachOptions);
  }

  /**
   * Follows a call of the API to its end.
   *
   * @param ended - is told `done`, or the code of its error; null where the error is none that callers are promised
   */
  call(
    name: string,
    promise: Promise<unknown>,
    ended: (outcome: string | null, error: unknown) => void,
  ): void {
    const call: Call = { name, startedMs: this.#runtime.elapsedMs };
    this.calls.add(call);
    promise.then(
      () => {
        this.calls.delete(call);
        ended('done', null);
      },
      (error: unknown) => {
        this.calls.delete(call);
        const isOurs = error instanceof QemuError || error === ABORTED;
        ended(isOurs ? (error === ABORTED ? 'aborted' : (error as QemuError).code) : null, error);
      },
    );
  }

  get #pidFile(): string {
    return `/${this.label}.pid`;
  }

  #begin(pid?: number): void {
    const { qemu } = this;
    const run = ++this.#runs;
    const isPresent = (): boolean => run === this.#runs;
    const process = {
      get alive(): boolean {
        return isPresent() && qemu.alive;
      },
      onSignal: (signal: 'SIGTERM' | 'SIGKILL'): void => {
        this.follower?.signalled(run);
        if (signal === 'SIGKILL') qemu.kill();
        else void qemu.terminate();
      },
    };
    this.#pid = this.#runtime.processes.start(process, pid);
    this.#runtime.texts.set(this.#pidFile, `${this.#pid}\n`);
  }
}

/** Why calls are aborted. */
export const ABORTED = new Error('aborted by the caller');
