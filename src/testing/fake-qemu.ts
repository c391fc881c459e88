/**
 * A fake QEMU that speaks QMP over a real socket, and misbehaves when told to.
 *
 * What it claims is checked against a real QEMU 7.2 by `test/qemu/fake-matches-real.test.ts`. Differs: it
 * reads commands by lines (QEMU by JSON values), limits no event's rate, and each monitor has its own queue of
 * commands (QEMU's monitors wait for one another).
 */
import { rmSync } from 'node:fs';
import { badArgument, StateError } from '../errors.ts';
import type { Address, Runtime } from '../loop/runtime.ts';
import { after } from '../loop/timeouts.ts';
import type { RunState, RxFilterInfo } from '../qmp/commands.ts';
import { type ClientHost, FakeClient } from './fake-client.ts';
import { FakeDispatcher, type FakeHandler } from './fake-dispatcher.ts';
import { FakeFaults } from './fake-faults.ts';
import { FakeMonitor } from './fake-monitor.ts';
import type { FakeListener, FakeSocket } from './fake-network.ts';
import { type ReceivedCommand, toLine } from './fake-protocol.ts';
import {
  type CommandContext,
  FAKE_VERSION,
  type FakeActions,
  type FakeNic,
  type FakeProcess,
  reset,
  shutdown,
} from './fake-qemu-commands.ts';
import { type FakeQemuOptions, monitorAddresses, newProcess, runtimeOf } from './fake-setup.ts';

/** What stays of `received`; older ones are dropped. */
const MAX_RECEIVED = 100_000;
const NO_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * A fake QEMU process with its monitor sockets.
 *
 * @example
 * ```ts
 * await using qemu = await FakeQemu.start({ nics: [{ name: 'net0' }] });
 * const client = await QmpClient.connect(qemu.path);
 * qemu.setRxFilter('net0', { promiscuous: false }); // the client gets NIC_RX_FILTER_CHANGED
 * qemu.kill();                                      // as SIGKILL
 * ```
 *
 * @public
 */
export class FakeQemu implements AsyncDisposable {
  /** Ways to misbehave. */
  readonly faults: FakeFaults;
  readonly #options: FakeQemuOptions;
  readonly #runtime: Runtime;
  readonly #monitors: FakeListener[] = [];
  /** By monitor; the first one is served, the others wait. */
  readonly #clients: FakeClient[][] = [];
  readonly #dispatcher: FakeDispatcher;
  readonly #received: ReceivedCommand[] = [];
  readonly #host: ClientHost;
  readonly #timers = new Set<() => void>();
  #resumed: (() => void)[] = [];
  /** A directory of our own, to be removed. */
  readonly #temporary: string | null;
  #process: FakeProcess;
  #lastConnection = 0;
  #hung = false;
  #closed = false;

  /** Starts it; it listens when the promise resolves. @throws {TypeError} when the path is too long for a socket */
  static async start(options: FakeQemuOptions = {}): Promise<FakeQemu> {
    const qemu = new FakeQemu(options);
    await qemu.#listen();
    return qemu;
  }

  private constructor(options: FakeQemuOptions) {
    this.#options = options;
    this.#runtime = runtimeOf(options);
    this.#process = newProcess(this.#options);
    this.faults = new FakeFaults({
      flush: () => this.#flush(),
      unlisten: () => {
        for (const each of this.#monitors) each.unlisten(false);
      },
      listen: () => this.#listen(),
      write: (bytes) => {
        for (const client of this.#served()) client.send(bytes);
      },
    });
    const self = this;
    this.#host = {
      loop: this.#runtime.loop,
      get hung() {
        return self.#hung;
      },
      get chunkBytes() {
        return self.faults.state.chunkBytes;
      },
      allowOutput: (bytes) => this.faults.allowOutput(bytes),
      onLine: (client, line) => this.#dispatcher.onLine(client, line),
      onGone: (client) => this.#onGone(client),
    };
    this.#dispatcher = new FakeDispatcher({
      faults: this.faults,
      oobOffered: options.oob !== false,
      get hung() {
        return self.#hung;
      },
      lifeline: () => {
        const process = this.#process;
        return () => process.alive;
      },
      context: (afterReply) => this.#context(afterReply),
      whileHung: () => this.#whileHung(),
      sleep: (ms) => this.#sleep(ms),
      onCommand: (command) => {
        if (this.#received.push(command) > MAX_RECEIVED) this.#received.shift();
      },
      die: (when) => (when === 'before-reply' ? this.kill() : this.#end(false)),
    });
    const { addresses, temporary } = monitorAddresses(options);
    const { listener: open = (...given) => new FakeMonitor(...given) } = options;
    this.#temporary = temporary;
    for (const [index, address] of addresses.entries()) {
      this.#clients.push([]);
      this.#monitors.push(open(address, (socket) => this.#onSocket(socket, index)));
    }
  }

  /** Of the first monitor's unix socket. @throws {StateError} on TCP */
  get path(): string {
    const { address } = this;
    if (!('path' in address)) throw new StateError('this fake QEMU listens on TCP; use its address');
    return address.path;
  }

  /** Of the first monitor. */
  get address(): Address {
    return this.addresses[0] as Address;
  }

  get addresses(): readonly Address[] {
    return this.#monitors.map((monitor) => monitor.address);
  }

  get status(): RunState {
    return this.#process.status;
  }

  /** False after its end, until `restart()`. */
  get alive(): boolean {
    return this.#process.alive;
  }

  /** Every command that was read, in order, `qmp_capabilities` too; the last 100 000. */
  get received(): readonly ReceivedCommand[] {
    return this.#received;
  }

  /** Clients that are served now, negotiated or not. */
  get connections(): number {
    return [...this.#served()].length;
  }

  /** Sends an event to every negotiated client. */
  emit(event: string, data?: object): void {
    if (!this.#process.alive) return;
    const now = this.#runtime.now();
    const timestamp = { seconds: Math.floor(now / 1000), microseconds: Math.floor((now % 1000) * 1000) };
    const bytes = toLine({ timestamp, event, ...(data === undefined ? {} : { data }) });
    for (const client of this.#served()) {
      if (!client.negotiated) continue;
      client.send(bytes);
      if (this.faults.state.duplicates) client.send(bytes);
    }
  }

  /** Answers a command in the fake's place, from now on; null gives it back. */
  handle(command: string, handler: FakeHandler | null): void {
    if (handler === null) this.#dispatcher.handlers.delete(command);
    else this.#dispatcher.handlers.set(command, handler);
  }

  /** The NIC's filter as `query-rx-filter` would tell it. */
  rxFilter(nic: string): RxFilterInfo {
    return this.#nic(nic).filter;
  }

  /** The guest changes its filter: NIC_RX_FILTER_CHANGED, unless one was sent since the last query. */
  setRxFilter(nic: string, filter: Partial<RxFilterInfo>): void {
    const found = this.#nic(nic);
    found.filter = { ...found.filter, ...filter };
    if (!found.armed) return;
    found.armed = false;
    this.emit('NIC_RX_FILTER_CHANGED', { name: nic, path: `/machine/peripheral/${nic}/virtio-backend` });
  }

  /** The guest powers off: SHUTDOWN and the end; with `shutdown: 'pause'` SHUTDOWN, STOP and no end. */
  guestShutdown(): void {
    this.#act((context) => shutdown(context, true, 'guest-shutdown'));
  }

  /** The guest reboots. */
  guestReset(): void {
    this.#act((context) => reset(context, true, 'guest-reset'));
  }

  /** The guest goes to sleep (S3): SUSPEND without STOP. */
  guestSuspend(): void {
    this.#process.status = 'suspended';
    this.emit('SUSPEND');
  }

  /** The guest panics. @param panic - instead of the policy set */
  guestPanic(panic: FakeActions['panic'] = this.#process.actions.panic): void {
    const action = panic === 'none' ? 'run' : panic === 'pause' ? 'pause' : 'poweroff';
    this.emit('GUEST_PANICKED', { action });
    if (action === 'pause') this.#pause('guest-panicked');
    else if (action === 'poweroff') this.#act((context) => shutdown(context, true, 'guest-panic'));
  }

  /** The watchdog fires. @param action - instead of the policy set */
  watchdog(action: FakeActions['watchdog'] = this.#process.actions.watchdog): void {
    this.emit('WATCHDOG', { action });
    if (action === 'pause') this.#pause('watchdog');
    else if (action === 'reset') this.#act((context) => reset(context, true, 'guest-reset'));
    else if (action === 'shutdown') this.emit('POWERDOWN');
    // No SHUTDOWN then: QEMU calls exit().
    else if (action === 'poweroff') this.#end(true);
  }

  /** SIGKILL: sockets are cut, nothing is said, the socket's file stays, so that connecting is refused. */
  kill(): void {
    this.#end(false);
    for (const client of this.#clients.flat()) client.destroy();
  }

  /** SIGTERM: SHUTDOWN, then a clean end; the socket's file is removed. A hung one does it once resumed. */
  async terminate(): Promise<void> {
    const process = this.#process;
    await this.#whileHung();
    if (!process.alive || process !== this.#process) return;
    this.emit('SHUTDOWN', { guest: false, reason: 'host-signal' });
    this.#end(true);
  }

  /** A new process on the same addresses; the old one is killed if it lives. Options are as at the start. */
  async restart(): Promise<void> {
    if (this.#closed) throw new StateError('this fake QEMU is closed', { code: 'ERR_CLOSED' });
    this.kill();
    this.resume();
    this.#process = newProcess(this.#options);
    await this.#listen();
  }

  /** SIGSTOP: it reads nothing, says nothing, greets nobody; connecting still succeeds. */
  hang(): void {
    this.#hung = true;
    for (const client of this.#clients.flat()) client.readOn();
  }

  /** SIGCONT. */
  resume(): void {
    this.#hung = false;
    for (const go of this.#resumed.splice(0)) go();
    for (const monitor of this.#clients.keys()) this.#serve(monitor);
    for (const client of this.#served()) {
      client.flush();
      client.readOn();
    }
  }

  /** Ends it and leaves nothing behind: no socket, no file, no timer. Calling it again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.kill();
    this.resume();
    for (const monitor of this.#monitors) monitor.unlisten(true);
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true });
  }

  [Symbol.asyncDispose] = (): Promise<void> => this.close();

  async #listen(): Promise<void> {
    if (!this.#process.alive) return;
    for (const each of this.#monitors) if (!each.listening) await each.listen();
  }

  *#served(): Iterable<FakeClient> {
    for (const [first] of this.#clients) if (first !== undefined) yield first;
  }

  #flush(): void {
    for (const client of this.#served()) client.flush();
  }

  #onSocket(socket: FakeSocket, monitor: number): void {
    if (!this.#process.alive) {
      socket.destroy();
      return;
    }
    const client = new FakeClient(socket, this.#host, ++this.#lastConnection, monitor);
    this.#clients[monitor]?.push(client);
    this.#serve(monitor);
  }

  /** Greets the first in line, if that was not done yet. */
  #serve(monitor: number): void {
    const [client] = this.#clients[monitor] ?? [];
    if (client === undefined || client.started || this.#hung || !this.#process.alive) return;
    const { greeting } = this.faults.state;
    client.start(
      greeting === undefined
        ? toLine({ QMP: { version: FAKE_VERSION, capabilities: this.#options.oob === false ? [] : ['oob'] } })
        : greeting,
    );
  }

  #onGone(client: FakeClient): void {
    const line = this.#clients[client.monitor] ?? [];
    const at = line.indexOf(client);
    if (at !== -1) line.splice(at, 1);
    this.#serve(client.monitor);
  }

  #context(afterReply: (action: () => void) => void): CommandContext {
    return {
      process: this.#process,
      name: this.#options.name,
      uuid: this.#options.uuid ?? NO_UUID,
      emit: (event, data) => this.emit(event, data),
      afterReply,
      unplug: (anyway) => this.#unplugSoon(anyway),
      end: () => this.#end(true),
    };
  }

  /** Something that the guest or the host does, not a command. */
  #act(action: (context: CommandContext) => void): void {
    if (this.#process.alive) action(this.#context((after) => after()));
  }

  #pause(status: RunState): void {
    if (this.#process.status !== 'running') return;
    this.#process.status = status;
    this.emit('STOP');
  }

  #unplugSoon(anyway = false): void {
    const { unplugging, devices, nics, status } = this.#process;
    if (unplugging.size === 0 || (status !== 'running' && !anyway)) return;
    this.#later(0, () => {
      for (const id of [...unplugging]) {
        unplugging.delete(id);
        devices.delete(id);
        const path = `/machine/peripheral/${id}`;
        if (nics.delete(id)) this.emit('DEVICE_DELETED', { path: `${path}/virtio-backend` });
        this.emit('DEVICE_DELETED', { device: id, path });
      }
    });
  }

  #nic(name: string): FakeNic {
    const nic = this.#process.nics.get(name);
    if (nic === undefined)
      throw badArgument('nic', `one of ${[...this.#process.nics.keys()].join(', ')}`, name);
    return nic;
  }

  #end(removeFile: boolean): void {
    if (!this.#process.alive) return;
    this.#process.alive = false;
    for (const monitor of this.#monitors) monitor.unlisten(removeFile);
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    for (const client of this.#clients.flat()) client.finish();
  }

  #whileHung(): Promise<void> | undefined {
    if (!this.#hung) return undefined;
    return new Promise((resolve) => {
      this.#resumed.push(resolve);
    });
  }

  /** Not after the end of the process. */
  #later(ms: number, callback: () => void): void {
    const cancel = after(this.#runtime.loop, ms, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#later(ms, resolve);
    });
  }
}
