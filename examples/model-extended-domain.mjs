// The domain machine with states of one's own: while a backup runs, the guest's file systems are frozen. What may come
// in between is known of domains: the tests for that come by themselves.
// Usage: node examples/model-extended-domain.mjs
import { domainMachine } from 'qemu-actors/machines';
import { liveSystem, runWalks } from 'qemu-actors/model';
import { domainInterrupts, domainModel } from 'qemu-actors/testing';
import { createMachine } from 'xstate';

const { config, implementations } = domainMachine;
const { active } = config.states;
const running = {
  ...active.states.running,
  initial: 'alone',
  states: {
    alone: { on: { 'backup.start': 'backingUp' } },
    backingUp: {
      entry: 'freeze',
      exit: 'thaw',
      on: { 'backup.done': 'alone' },
      after: { 60000: 'alone' },
    },
  },
};
const states = { ...config.states, active: { ...active, states: { ...active.states, running } } };
const backedUpDomain = createMachine({ ...config, states }, implementations).provide({
  actions: { freeze: () => {}, thaw: () => {} },
});

const model = domainModel(backedUpDomain);
const base = model
  .walks('transitions')
  .walks.filter(({ steps }) => steps.some(({ event }) => event.type === 'backup.start'));
const { walks } = model.walks('races', { base, interrupts: domainInterrupts });
const { passed } = await runWalks(model, walks, liveSystem(model));
console.log(`${passed} of ${walks.length} races passed`);

/** What must hold wherever a race ends: what was frozen is thawed, unless the backup still runs. */
const frozen = walks.filter(({ start, steps }) => {
  const effects = [start, ...steps.map(({ expected }) => expected)].flatMap((expected) => expected.effects);
  const count = (action) => effects.filter((effect) => effect === action).length;
  const { value } = steps.at(-1)?.expected ?? start;
  const isBackingUp = value.active?.running === 'backingUp';
  return count('do freeze') - count('do thaw') !== (isBackingUp ? 1 : 0);
});
console.log(`${frozen.length} leave the guest frozen`);
