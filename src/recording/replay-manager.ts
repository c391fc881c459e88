/**
 * Plays what a manager recorded: its calls set what the manager then knows, its events are heard while it runs.
 *
 * Rules of this file: nothing is executed. A call is played by the machine events that the real operation sends;
 * what QEMU's events mean is the domain machine's alone.
 */
import type { AsyncJobKind } from '../events/jobs.ts';
import type { Incarnation } from '../machines/domain-context.ts';
import { type Call, commandOf, isOwnEof, type RecordingLine } from './format.ts';
import { type Operation, operationOf, restoring } from './operations.ts';
import { channelsOf } from './replay-channels.ts';
import { ReplayDevices } from './replay-devices.ts';
import type { ReplayDomain } from './replay-domain.ts';

/** A call that is made, and not through yet. */
interface Made {
  readonly step: number;
  readonly call: Call;
  readonly operation: Operation;
  readonly ok: boolean;
  /** What `stop` and `cont` of it were found already. */
  readonly sent: Set<'stop' | 'cont'>;
  begun: boolean;
  /** The run that it started. */
  started: Incarnation | null;
  announced: boolean;
  completed: boolean;
}

export class ManagerPlay {
  readonly #lines: readonly RecordingLine[];
  readonly #domain: ReplayDomain;
  /** Whether each step's call succeeded. */
  readonly #ok = new Map<number, boolean>();
  #step: RecordingLine<'step'> | null = null;
  #calls: Made[] = [];
  /** The manager process runs. */
  #up = true;
  #defined = false;
  /** Its configuration was taken away while it ran. */
  #undefined = false;
  /** The last run, also when it is over: what comes late of it is stale. */
  #incarnation: Incarnation | null = null;
  readonly #devices: ReplayDevices;
  /** The long job that the manager was at when it ended. */
  #interrupted: AsyncJobKind | null = null;
  /** Index of the reply to our own `stop` or `cont`. */
  readonly #settling = new Set<number>();

  constructor(lines: readonly RecordingLine[], domain: ReplayDomain) {
    this.#lines = lines;
    this.#domain = domain;
    this.#devices = new ReplayDevices(domain);
    for (const line of lines) if (line.kind === 'stepDone') this.#ok.set(line.step, line.ok);
  }

  async line(line: RecordingLine, index: number): Promise<void> {
    switch (line.kind) {
      case 'step':
        return this.#begin(line, index);
      case 'stepDone':
        return this.#done(line, index);
      case 'send':
        return this.#send(line, index);
      case 'reply':
        return this.#reply(line, index);
      case 'event':
        return this.#event(line);
      case 'eof':
        if (!isOwnEof(line)) this.#eofElsewhere();
        else if (this.#connected) this.#domain.lose(line.gone !== false);
        else this.#ignore('not-attached', 'eof');
    }
  }

  get #connected(): boolean {
    return this.#domain.connection !== null;
  }

  #ignore(reason: string, what: string): void {
    this.#domain.counters.add(reason, what);
  }

  #begin(line: RecordingLine<'step'>, index: number): void {
    this.#step = line;
    this.#domain.step = line.step;
    const { call, calls = [], parallel = [] } = line;
    const ok = this.#ok.get(line.step) ?? true;
    const inTurn = [...(call === undefined ? [] : [call]), ...calls];
    const made = [
      // If one fails, those after it are not made.
      ...inTurn.map((each, n) => this.#make(line.step, each, each.ok ?? (ok || n < inTurn.length - 1))),
      ...parallel.flatMap((each) =>
        each.call === undefined ? [] : [this.#make(line.step, each.call, each.ok ?? ok)],
      ),
    ];
    this.#calls.push(...made);
    for (const [n, each] of made.entries()) if (n === 0 || parallel.length > 0) this.#start(each, index);
  }

  #make(step: number, call: Call, ok: boolean): Made {
    const operation = operationOf(call);
    if (operation === null) this.#ignore('operation', call.operation);
    return {
      step,
      call,
      operation: operation ?? {},
      ok,
      sent: new Set(),
      begun: false,
      started: null,
      announced: false,
      completed: false,
    };
  }

  /** The call begins: at its step, or at its first `send` if others stand before it. */
  #start(made: Made, index: number): void {
    made.begun = true;
    this.#devices.begun(made.call);
    const { actor } = this.#domain;
    if (made.call.operation === 'manager-start') this.#up = true;
    if (this.#isRestored(made, index)) Object.assign(made, { operation: restoring(made.call) });
    const { operation, ok } = made;
    if (operation.ends?.when === 'first' && ok && this.#domain.incarnation !== null)
      actor.send({ type: 'manager.stopping', ...operation.ends.ending });
    else if (operation.starts !== undefined) this.#startQemu(made);
    if (operation.job !== undefined && this.#domain.incarnation !== null)
      actor.send({ type: 'manager.jobBegan', kind: operation.job });
    this.#arm(made);
  }

  /** A power-off that the guest is asked for, and whether it is to be a reboot. libvirt 9.0.0 `qemu_driver.c:qemuDomainReboot` */
  #arm({ call: { operation, options = {} } }: Made): void {
    const { onPoweroff, onReboot } = this.#domain.actor.getSnapshot().context.policies;
    const byAgent = options.mode === 'agent';
    const isKept = onReboot === 'destroy' || onReboot === 'preserve';
    const reboot =
      operation === 'reboot' ? !isKept : operation === 'shutdown' ? onPoweroff === 'restart' : null;
    if (reboot !== null) this.#domain.actor.send({ type: 'command.powerdown', reboot: reboot && !byAgent });
  }

  #startQemu(made: Made): void {
    made.started = this.#incarnation = this.#domain.newIncarnation();
    this.#domain.connection = this.#domain.monitor;
    this.#domain.actor.send({ type: 'manager.starting', incarnation: made.started });
  }

  /** A `start` that reads a saved image into its QEMU. */
  #isRestored({ operation }: Made, index: number): boolean {
    if (operation.starts === undefined) return false;
    for (let at = index + 1; at < this.#lines.length; at += 1) {
      const line = this.#lines[at];
      if (line === undefined || line.kind === 'step' || line.kind === 'stepDone') return false;
      if (line.kind === 'send' && commandOf(line) === 'migrate-incoming') return true;
    }
    return false;
  }

  async #send(line: RecordingLine<'send'>, index: number): Promise<void> {
    const command = commandOf(line);
    await this.#startBy(command, index);
    if (command === 'qmp_capabilities') await this.#startAnother();
    if (this.#step?.by === 'manager') this.#devices.sent(line);
    if (command === 'system_reset' && this.#present('reset'))
      this.#domain.actor.send({ type: 'command.reset' });
    if (command !== 'stop' && command !== 'cont') return;
    const made = this.#senderOf(command);
    if (made === undefined) return;
    made.sent.add(command);
    const { stop, cont } = made.operation;
    if (command === 'cont' && made.operation.starts?.early === true) this.#announce(made, false);
    if (command === 'stop' && stop !== undefined)
      this.#domain.actor.send({
        type: 'command.stop',
        // libvirt 9.0.0 `qemu_driver.c:qemuDomainSuspend`
        reason: stop === 'user' && this.#asyncJob === 'snapshot' ? 'snapshot' : stop,
      });
    if (command === 'cont' && cont !== undefined)
      this.#domain.actor.send({
        type: 'command.cont',
        reason:
          cont === 'save-canceled' && this.#interrupted === 'migration-out' ? 'migration-canceled' : cont,
      });
    const reply = this.#domain.monitor.replyOf(index);
    if (reply !== null) this.#settling.add(reply);
  }

  /** A call of the present step that is under way. */
  #present(operation: string): Made | undefined {
    return this.#calls.find(
      ({ begun, call, step }) => begun && step === this.#step?.step && call.operation === operation,
    );
  }

  /** The QEMU that is to run after another one was ended for it. */
  async #startAnother(): Promise<void> {
    const made = this.#calls.find(
      ({ begun, started, operation }) => begun && started === null && operation.starts,
    );
    if (made === undefined) return;
    if (this.#isStopping && this.#connected) {
      this.#domain.lose(true);
      await this.#domain.loop.settle();
    }
    if (this.#domain.incarnation !== null) return;
    this.#startQemu(made);
    if (made.operation.job !== undefined)
      this.#domain.actor.send({ type: 'manager.jobBegan', kind: made.operation.job });
  }

  get #isStopping(): boolean {
    return this.#domain.actor.getSnapshot().matches('stopping');
  }

  get #asyncJob(): AsyncJobKind | null {
    return this.#domain.actor.getSnapshot().context.work.jobs.async?.kind ?? null;
  }

  /** Of several calls in one step, the next one begins with a command that only it can have sent. */
  async #startBy(command: string, index: number): Promise<void> {
    const present = this.#calls.filter(({ step }) => step === this.#step?.step);
    const next = present.find(({ begun }) => !begun);
    const before = present.filter(({ begun }) => begun);
    if (next === undefined || !canSend(next, command) || before.some((made) => canSend(made, command)))
      return;
    for (const made of before) await this.#finish(made);
    this.#start(next, index);
  }

  /** Whose command it is: a call of this step, else one of an earlier step that still runs. */
  #senderOf(command: 'stop' | 'cont'): Made | undefined {
    if (this.#step?.by === 'qemu') return undefined;
    const able = this.#calls.filter(
      (made) => made.begun && made.operation[command] !== undefined && !made.sent.has(command),
    );
    return able.find(({ step }) => step === this.#step?.step) ?? able.at(-1);
  }

  #reply({ message }: RecordingLine<'reply'>, index: number): void {
    this.#domain.monitor.answer(index);
    if (this.#settling.delete(index)) this.#domain.actor.send({ type: 'command.settled' });
    const send = this.#domain.monitor.sendOf(index);
    if (send !== null && commandOf(send) === 'query-chardev' && this.#isStarting)
      this.#domain.actor.send({
        type: 'manager.channels',
        channels: channelsOf(this.#domain.actor.getSnapshot().context.devices, message.return),
      });
    if (send !== null && this.#step?.by === 'manager') this.#devices.answered(send, message);
    if (send === null || commandOf(send) !== 'query-status' || !this.#up || this.#connected) return;
    const { return: value } = message;
    if (typeof value !== 'object' || value === null || !('status' in value)) return;
    this.#incarnation = this.#domain.incarnation ?? this.#domain.newIncarnation();
    this.#domain.contact(this.#incarnation, String(value.status), true);
  }

  get #isStarting(): boolean {
    return this.#domain.actor.getSnapshot().matches({ active: 'starting' });
  }

  #event(line: RecordingLine<'event'>): void {
    const name = String(line.message.event);
    if (line.onlyOtherMonitor === true) this.#ignore('other-monitor', name);
    else if (!this.#up || this.#incarnation === null) this.#ignore('not-attached', name);
    else {
      this.#domain.route(line, this.#incarnation);
      if (name === 'MIGRATION') this.#complete(line);
    }
  }

  /** The memory is written: that is the job, whatever else the call does. */
  #complete({ message: { data } }: RecordingLine<'event'>): void {
    if (typeof data !== 'object' || data === null || !('status' in data) || data.status !== 'completed')
      return;
    const made = this.#calls.find(
      ({ begun, completed, operation }) => begun && !completed && operation.completes === 'with-memory',
    );
    if (made === undefined) return;
    made.completed = true;
    this.#announceCompleted();
  }

  #announceCompleted(): void {
    this.#domain.actor.send({
      type: 'manager.announced',
      item: { type: 'job-completed', args: { params: {} } },
    });
  }

  /** The manager had closed its own monitor: the call for which it did is as good as through. */
  #eofElsewhere(): void {
    const ender = this.#calls.find(({ begun, ok, operation }) => begun && ok && operation.ends !== undefined);
    if (this.#connected && ender !== undefined) this.#end(ender);
    // A policy ends it.
    else if (this.#connected && this.#isStopping) this.#domain.lose(true);
    else this.#ignore('other-monitor', 'eof');
  }

  async #done({ step }: RecordingLine<'stepDone'>, index: number): Promise<void> {
    const domain = this.#domain;
    const present = domain.step;
    domain.step = step;
    for (const made of this.#calls.filter((each) => each.step === step)) {
      if (!made.begun) this.#start(made, index);
      await this.#finish(made);
    }
    await domain.loop.settle();
    domain.tellState();
    domain.step = present;
  }

  /** The call returned. */
  async #finish(made: Made): Promise<void> {
    this.#calls = this.#calls.filter((each) => each !== made);
    const domain = this.#domain;
    const { operation, ok } = made;
    if (made.started !== null && domain.incarnation?.uuid === made.started.uuid) {
      if (ok) this.#announce(made, !made.sent.has('cont'));
      else {
        domain.actor.send({ type: 'manager.startFailed' });
        domain.lose(false);
      }
    }
    if (ok && operation.defines !== undefined && this.#defined)
      domain.actor.send({ type: 'manager.defined', detail: operation.defines });
    if (ok && operation.ends !== undefined && made.started === null && domain.incarnation !== null)
      this.#end(made);
    else if (ok) await this.#settleCall(made);
    if (ok && operation.completes === 'last') this.#announceCompleted();
    if (operation.job !== undefined) domain.actor.send({ type: 'manager.jobEnded' });
    await domain.loop.settle();
  }

  /** The manager closes its monitor itself, and sees to it that QEMU ends. */
  #end({ operation: { ends } }: Made): void {
    if (ends?.when === 'last') this.#domain.actor.send({ type: 'manager.stopping', ...ends.ending });
    this.#domain.lose(true);
  }

  async #settleCall({ call }: Made): Promise<void> {
    const { actor } = this.#domain;
    this.#devices.done(call);
    switch (call.operation) {
      case 'define':
        actor.send({
          type: 'manager.defined',
          detail: this.#defined || this.#undefined ? 'updated' : 'added',
        });
        this.#defined = true;
        this.#undefined = false;
        return;
      case 'domrename':
        actor.send({ type: 'manager.undefined', detail: 'renamed' });
        actor.send({ type: 'manager.defined', detail: 'renamed' });
        return;
      case 'undefine':
        actor.send({ type: 'manager.undefined', detail: 'removed' });
        this.#defined = false;
        this.#undefined = this.#domain.incarnation !== null;
        return;
      case 'manager-stop':
      case 'manager-kill':
        this.#up = false;
        this.#interrupted = this.#asyncJob;
        if (this.#connected) this.#domain.lose(false);
        return;
      case 'manager-start':
        await this.#lookAgain();
    }
  }

  /** The manager is back, but its QEMU did not answer: it ended meanwhile. */
  async #lookAgain(): Promise<void> {
    if (this.#connected || this.#domain.incarnation === null) return;
    this.#domain.reconstructing = true;
    this.#domain.lose(true);
    await this.#domain.loop.settle();
    this.#domain.reconstructing = false;
  }

  #announce(made: Made, staysPaused: boolean): void {
    const { starts } = made.operation;
    if (made.announced || starts === undefined) return;
    made.announced = true;
    const paused = staysPaused ? starts.paused : null;
    this.#domain.actor.send({ type: 'manager.started', detail: starts.detail, paused });
  }
}

/** Whether a command can be the call's. */
function canSend({ operation }: Made, command: string): boolean {
  if (command === 'qmp_capabilities') return operation.starts !== undefined;
  return (command === 'stop' || command === 'cont') && operation[command] !== undefined;
}
