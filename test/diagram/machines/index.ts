/** Every machine that pictures are tried on: ours, those of others, and one with hostile names. */
import type { AnyStateMachine } from 'xstate';
import {
  domainMachine,
  monitorMachine,
  processEventMachine,
  qemuJobMachine,
} from '../../../src/machines/index.ts';
import { published } from '../../model/published/index.ts';
import * as devices from './devices.ts';
import { hostile } from './hostile.ts';
import * as protocols from './protocols.ts';

const ours: readonly AnyStateMachine[] = [domainMachine, monitorMachine, processEventMachine, qemuJobMachine];

export const machines: readonly { readonly name: string; readonly machine: AnyStateMachine }[] = [
  ...ours,
  ...Object.values(protocols),
  ...Object.values(devices),
  ...Object.values(published).map(({ machine }) => machine),
  hostile,
].map((machine) => ({ name: machine.id, machine }));
