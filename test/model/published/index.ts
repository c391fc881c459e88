/** Machines that have nothing to do with VMs, each with what its model needs to know. */
import type { AnyStateMachine } from 'xstate';
import type { ModelOptions } from '../../../src/model/index.ts';
import { checkout, checkoutOptions } from './checkout.ts';
import { citizenWatch, citizenWatchOptions } from './citizen-watch.ts';
import { comlinkConnection, comlinkConnectionOptions, comlinkNode, comlinkNodeOptions } from './comlink.ts';
import { fetchRetry, fetchRetryOptions } from './fetch-retry.ts';
import { mediaPlayer, mediaPlayerOptions } from './media-player.ts';
import { microwave } from './microwave.ts';
import { tennis, tennisOptions } from './tennis.ts';
import { todoList, todoListOptions } from './todo-list.ts';
import { trafficLight, trafficLightOptions } from './traffic-light.ts';

export interface Published {
  readonly machine: AnyStateMachine;
  readonly options: ModelOptions;
  /** What its walks cannot cover, with the reason in the line above. */
  readonly missing?: readonly string[];
}

export const published: Readonly<Record<string, Published>> = {
  'citizen watch (Harel 1987)': { machine: citizenWatch, options: citizenWatchOptions },
  'microwave (W3C SCXML)': { machine: microwave, options: {} },
  'traffic light': { machine: trafficLight, options: trafficLightOptions },
  'media player': { machine: mediaPlayer, options: mediaPlayerOptions },
  'fetch with retries': { machine: fetchRetry, options: fetchRetryOptions },
  checkout: { machine: checkout, options: checkoutOptions },
  tennis: { machine: tennis, options: tennisOptions },
  'todo list': { machine: todoList, options: todoListOptions },
  '@sanity/comlink, connection': {
    machine: comlinkConnection,
    options: comlinkConnectionOptions,
    // The input says for all of a life whether it sends heartbeats.
    missing: ['connected.heartbeat.checking: always: should send heartbeats is false'],
  },
  '@sanity/comlink, node': { machine: comlinkNode, options: comlinkNodeOptions },
};
