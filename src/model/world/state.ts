/** States of a world, and what a step of one actor makes of them. */
import { OUTSIDE } from './addresses.ts';
import type { Effect, Live, LocalStep, Locals } from './locals.ts';
import type { WorldOptions } from './options.ts';

type Mailboxes = NonNullable<WorldOptions['mailboxes']>;

export interface WorldState {
  /** By their addresses' numbers. */
  readonly live: readonly Live[];
  /** How often each outside event came. */
  readonly came: readonly number[];
  /** What each observer remembers, by its number. */
  readonly memories: readonly number[];
}

/** Greater numbers take three places. */
const ESCAPE = 0xffff;

/** What tells two states apart: all of it, so that no two are taken for one. */
export function keyOf({ live, came, memories }: WorldState): string {
  const codes = [live.length];
  const put = (number: number): void => {
    if (number < ESCAPE) codes.push(number);
    else codes.push(ESCAPE, number >>> 16, number & 0xffff);
  };
  for (const { number } of live) put(number);
  for (const count of came) put(count);
  for (const memory of memories) put(memory);
  return String.fromCharCode(...codes);
}

/** Makes one step of the world: changes a copy of a state. */
export class Draft {
  readonly live: Live[];
  /** What happened, in order. */
  readonly told: number[] = [];
  readonly #locals: Locals;
  readonly #mailboxes: Mailboxes;
  /** Paths of actors in the middle of a step: what comes to them waits. */
  readonly #busy = new Set<string>();

  constructor(live: readonly Live[], locals: Locals, mailboxes: Mailboxes) {
    this.live = [...live];
    this.#locals = locals;
    this.#mailboxes = mailboxes;
  }

  /** The actor handles a message. @param box - what waits for it beside */
  handle(at: number, message: number, box: readonly number[]): void {
    const { local } = this.live[at] as Live;
    this.step(at, this.#locals.handle(local, message), box);
  }

  /** An actor goes on. One that ended handles nothing more. */
  step(at: number, { next, effects }: LocalStep, box: readonly number[]): void {
    const { path } = next.address;
    const isActive = next.snapshot.status === 'active';
    this.live[at] = this.#locals.live(next, isActive ? box : []);
    if (!isActive) this.told.push(...box.map((message) => this.#locals.lost(path, message)));
    this.#do(path, effects);
  }

  /** A time-out of an actor passed. */
  pass(at: number, { next, effects: [sent] }: LocalStep): void {
    const { box } = this.live[at] as Live;
    this.live[at] = this.#locals.live(next, box);
    if (sent?.kind !== 'send') return;
    if (this.#mailboxes === 'pair' && sent.to === next.address.path) this.handle(at, sent.message, box);
    else this.send(sent.to, sent.message);
  }

  send(to: string, message: number): void {
    const at = this.#find(to);
    const target = this.live[at];
    if (target === undefined || target.local.snapshot.status !== 'active') {
      if (to !== OUTSIDE) this.told.push(this.#locals.lost(to, message));
      return;
    }
    this.live[at] = this.#locals.live(target.local, this.#put(target.box, message));
    if (this.#mailboxes === 'none' && !this.#busy.has(to)) this.#handleNext(to);
  }

  start({ next, effects }: LocalStep): void {
    const after = this.live.findIndex(({ local }) => local.address.number > next.address.number);
    this.live.splice(after === -1 ? this.live.length : after, 0, this.#locals.live(next, []));
    this.#do(next.address.path, effects);
  }

  /** What a step of an actor does; then, without mailboxes, it handles what came to it meanwhile. */
  #do(path: string, effects: readonly Effect[]): void {
    this.#busy.add(path);
    for (const effect of effects) {
      this.told.push(effect.told);
      if (effect.kind === 'send') this.send(effect.to, effect.message);
      else if (effect.kind === 'start') this.start(effect.step);
      else if (effect.kind === 'stop') this.#stop(effect.path);
    }
    this.#busy.delete(path);
    if (this.#mailboxes === 'none') this.#handleNext(path);
  }

  #handleNext(path: string): void {
    const at = this.#find(path);
    const [message, ...box] = this.live[at]?.box ?? [];
    if (message !== undefined) this.handle(at, message, box);
  }

  /** What waits for it, and its own children, go with it. What it sent stays. */
  #stop(path: string): void {
    for (let at = this.live.length - 1; at >= 0; at -= 1) {
      const { address } = (this.live[at] as Live).local;
      if (address.path === path || address.path.startsWith(`${path}/`)) this.live.splice(at, 1);
    }
  }

  /** Of one order: at the end. Else beside those of other senders, which are sorted, so that equal states are equal. */
  #put(box: readonly number[], message: number): number[] {
    if (this.#mailboxes !== 'pair') return [...box, message];
    const { from } = this.#locals.message(message);
    const at = box.findIndex((other) => this.#locals.message(other).from > from);
    return at === -1 ? [...box, message] : [...box.slice(0, at), message, ...box.slice(at)];
  }

  #find(path: string): number {
    return this.live.findIndex(({ local }) => local.address.path === path);
  }
}
