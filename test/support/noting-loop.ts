import type { EventLoop } from '../../src/loop/event-loop.ts';

type Call = {
  [Name in keyof EventLoop]: {
    readonly name: Name;
    readonly args: Parameters<EventLoop[Name]>;
    readonly result: ReturnType<EventLoop[Name]>;
  };
}[keyof EventLoop];

/** An event loop that notes what is asked of it, and has another one carry it out. */
export class NotingLoop implements EventLoop {
  readonly calls: Call[] = [];
  readonly #loop: EventLoop;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  get names(): string[] {
    return this.calls.map(({ name }) => name);
  }

  addHandle(...args: Parameters<EventLoop['addHandle']>): number {
    const result = this.#loop.addHandle(...args);
    this.calls.push({ name: 'addHandle', args, result });
    return result;
  }

  updateHandle(...args: Parameters<EventLoop['updateHandle']>): void {
    this.calls.push({ name: 'updateHandle', args, result: this.#loop.updateHandle(...args) });
  }

  removeHandle(...args: Parameters<EventLoop['removeHandle']>): boolean {
    const result = this.#loop.removeHandle(...args);
    this.calls.push({ name: 'removeHandle', args, result });
    return result;
  }

  addTimeout(...args: Parameters<EventLoop['addTimeout']>): number {
    const result = this.#loop.addTimeout(...args);
    this.calls.push({ name: 'addTimeout', args, result });
    return result;
  }

  updateTimeout(...args: Parameters<EventLoop['updateTimeout']>): void {
    this.calls.push({ name: 'updateTimeout', args, result: this.#loop.updateTimeout(...args) });
  }

  removeTimeout(...args: Parameters<EventLoop['removeTimeout']>): boolean {
    const result = this.#loop.removeTimeout(...args);
    this.calls.push({ name: 'removeTimeout', args, result });
    return result;
  }
}
