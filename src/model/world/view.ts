/** A state of the world, as rules and conditions are shown it. */
import type { EventObject } from 'xstate';
import type { Live, Locals } from './locals.ts';
import type { Memories } from './memories.ts';
import type { WorldSnapshot, WorldView } from './options.ts';
import type { WorldState } from './state.ts';

export class View implements WorldView {
  readonly #state: WorldState;
  readonly #locals: Locals;
  readonly #memories: Memories;

  constructor(state: WorldState, locals: Locals, memories: Memories) {
    this.#state = state;
    this.#locals = locals;
    this.#memories = memories;
  }

  get actors(): readonly string[] {
    return this.#state.live.map(({ local }) => local.address.path);
  }

  snapshot(path: string): WorldSnapshot | undefined {
    return this.#find(path)?.local.snapshot;
  }

  mailbox(path: string): readonly EventObject[] {
    return this.#find(path)?.box.map((message) => this.#locals.message(message).event) ?? [];
  }

  memory<Memory>(observer: string): Memory {
    const at = this.#memories.names.indexOf(observer);
    return this.#memories.value(at, this.#state.memories[at] as number) as Memory;
  }

  #find(path: string): Live | undefined {
    return this.#state.live.find(({ local }) => local.address.path === path);
  }
}
