/** Plays what an observer recorded: it reads who and how QEMU is, and hears. */
import { isInRunState } from '../events/qemu-events.ts';
import type { Incarnation } from '../machines/domain-context.ts';
import { commandOf, isOwnEof, type RecordingLine } from './format.ts';
import type { ReplayDomain } from './replay-domain.ts';

const NO_UUID = '00000000-0000-0000-0000-000000000000';

/** The questions of one connection, up to its end. */
interface Questions {
  /** Where the contact is made: at the last answer that it needs; null if it never was. */
  readonly contactAt: number | null;
  /** Undefined if it was not asked for. */
  readonly uuid: string | null | undefined;
}

export class ObserverPlay {
  readonly #lines: readonly RecordingLine[];
  readonly #domain: ReplayDomain;
  #contact: Incarnation | null = null;
  /** The run state that the contact begins with. */
  #runState: string | null = null;
  #questions: Questions | null = null;
  /** Events that came before it was known whose they are. */
  #early: RecordingLine<'event'>[] = [];
  /** The next contact is with another run of QEMU. */
  #another = false;

  constructor(lines: readonly RecordingLine[], domain: ReplayDomain) {
    this.#lines = lines;
    this.#domain = domain;
  }

  line(line: RecordingLine, index: number): void {
    switch (line.kind) {
      case 'step':
        this.#domain.step = line.step;
        return;
      case 'send':
        // A new connection: what an attempt before it heard is nobody's.
        if (commandOf(line) === 'qmp_capabilities' && this.#contact === null) this.#forget();
        return;
      case 'reply':
        if (this.#contact === null) this.#ask(line, index);
        else this.#domain.monitor.answer(index);
        return;
      case 'event':
        if (line.onlyOtherMonitor === true)
          this.#domain.counters.add('other-monitor', String(line.message.event));
        else if (this.#contact === null) this.#early.push(line);
        else this.#domain.route(line, this.#contact);
        return;
      case 'eof':
        if (isOwnEof(line)) this.#end(line);
    }
  }

  /** What was heard, but is nobody's. */
  finish(): void {
    this.#forget();
  }

  #ask({ message }: RecordingLine<'reply'>, index: number): void {
    const send = this.#domain.monitor.sendOf(index);
    const { return: value } = message;
    if (
      this.#questions === null &&
      send !== null &&
      commandOf(send) === 'query-status' &&
      typeof value === 'object' &&
      value !== null &&
      'status' in value
    ) {
      this.#runState = String(value.status);
      this.#dropStateEvents();
      this.#questions = this.#questionsAfter(index);
    }
    if (this.#questions?.contactAt === index) this.#meet(this.#questions.uuid);
  }

  /** As the live link does: they are in the run state. */
  #dropStateEvents(): void {
    this.#early = this.#early.filter(({ message }) => {
      const event = String(message.event);
      if (!isInRunState(event)) return true;
      this.#domain.dropEarly(event);
      return false;
    });
  }

  /**
   * The driver asks for run state, name and uuid, in this order, and is attached after the last answer. A
   * connection that a new one follows without an end in between never came so far.
   */
  #questionsAfter(index: number): Questions {
    for (let at = index + 1; at < this.#lines.length; at += 1) {
      const line = this.#lines[at];
      if (line === undefined || isOwnEof(line)) break;
      if (line.kind === 'send' && commandOf(line) === 'qmp_capabilities')
        return { contactAt: null, uuid: undefined };
      const send = line.kind === 'reply' ? this.#domain.monitor.sendOf(at) : null;
      if (line.kind !== 'reply' || send === null || commandOf(send) !== 'query-uuid') continue;
      const { return: value } = line.message;
      const uuid = typeof value === 'object' && value !== null && 'UUID' in value ? String(value.UUID) : null;
      return { contactAt: at, uuid: uuid === NO_UUID ? null : uuid };
    }
    return { contactAt: index, uuid: undefined };
  }

  #meet(uuid: string | null | undefined): void {
    const present = this.#another ? null : this.#domain.incarnation;
    this.#another = false;
    this.#contact = present ?? this.#domain.newIncarnation();
    if (uuid !== undefined && uuid !== null) this.#domain.uuid = uuid;
    this.#domain.contact(this.#contact, this.#runState ?? 'running');
    const early = this.#early;
    this.#early = [];
    for (const event of early) this.#domain.route(event, this.#contact);
  }

  #end({ gone, foundLater = false, protocolError = false }: RecordingLine<'eof'>): void {
    this.#contact = null;
    this.#another = foundLater;
    this.#forget();
    this.#domain.lose(gone !== false && !foundLater, protocolError);
  }

  #forget(): void {
    this.#questions = null;
    for (const { message } of this.#early) this.#domain.counters.add('not-attached', String(message.event));
    this.#early = [];
  }
}
