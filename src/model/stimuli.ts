/**
 * What may happen to a machine in a state: events from outside, results of its children, time-outs.
 *
 * Examples are taken from the model's options; an event without one is sent without data.
 */
import fc from 'fast-check';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { ModelError } from '../errors.ts';
import { canFire, type ModelState, type Stimulus } from './step.ts';

/** Data of one event, without its type. */
export type EventData = Readonly<Record<string, unknown>>;

/** Examples: a list, an arbitrary of fast-check (some values are drawn), or what they are in a state. */
export type Examples<T> = Iterable<T> | fc.Arbitrary<T> | ((snapshot: AnyMachineSnapshot) => Iterable<T>);

/** What a child may come to. Without examples it ends with `undefined`, and fails with an `Error`. */
export interface ChildExamples {
  /** Its outputs. */
  readonly done?: Examples<unknown>;
  /** What it fails with. */
  readonly error?: Examples<unknown>;
  /** Contexts or values that it shows while it runs. */
  readonly snapshot?: Examples<unknown>;
}

export interface StimulusOptions {
  /** By event type. A type that the machine names and that is not here is sent without data; `[]`: never. */
  readonly events?: Readonly<Record<string, Examples<EventData>>>;
  /** By the child's id. */
  readonly children?: Readonly<Record<string, ChildExamples>>;
  /** How many values are drawn of an arbitrary. @defaultValue 10 */
  readonly draws?: number;
  /** Of what is drawn. @defaultValue 1 */
  readonly seed?: number;
}

/** More examples of one event than this are taken for a list without end. */
const MAX_EXAMPLES = 1000;

type Source<T> = (snapshot: AnyMachineSnapshot) => readonly T[];

const isArbitrary = (examples: unknown): examples is fc.Arbitrary<unknown> =>
  examples instanceof fc.Arbitrary ||
  (typeof examples === 'object' && examples !== null && 'generate' in examples && 'shrink' in examples);

function bounded<T>(examples: Iterable<T>, what: string): readonly T[] {
  const all: T[] = [];
  for (const example of examples)
    if (all.push(example) > MAX_EXAMPLES)
      throw new ModelError(
        `${what} has more than ${MAX_EXAMPLES} examples: give a few, or an arbitrary of fast-check`,
        {
          code: 'ERR_ENDLESS',
        },
      );
  return all;
}

function sourceOf<T>(
  examples: Examples<T>,
  what: string,
  { draws = 10, seed = 1 }: StimulusOptions,
): Source<T> {
  if (typeof examples === 'function') return (snapshot) => bounded(examples(snapshot), what);
  const fixed = isArbitrary(examples)
    ? fc.sample(examples as fc.Arbitrary<T>, { numRuns: draws, seed })
    : bounded(examples, what);
  return () => fixed;
}

const isOwn = (descriptor: string): boolean => descriptor === '' || descriptor.startsWith('xstate.');

/** An event that a wildcard stands for, and that nothing else names. */
const exampleOf = (descriptor: string): string =>
  descriptor === '*' ? 'model.anything' : `${descriptor.slice(0, -1)}anything`;

/** Every event type that the machine names; a wildcard by an example of it. */
function namedTypes(machine: AnyStateMachine): string[] {
  const types = machine.events.filter((descriptor) => !isOwn(descriptor));
  return [...new Set(types.map((type) => (type.endsWith('*') ? exampleOf(type) : type)))];
}

/** Finds what may happen in a state. */
export class Stimuli {
  readonly #events: readonly (readonly [type: string, source: Source<EventData>])[];
  readonly #options: StimulusOptions;
  readonly #children = new Map<string, Source<unknown>>();

  /** @throws ModelError `ERR_ENDLESS` if a list of examples has no end */
  constructor(machine: AnyStateMachine, options: StimulusOptions) {
    this.#options = options;
    const { events = {} } = options;
    const types = [...new Set([...namedTypes(machine), ...Object.keys(events)])];
    this.#events = types.map((type) => [type, sourceOf(events[type] ?? [{}], `events.${type}`, options)]);
  }

  /** In a stable order: events as the machine names them, children, time-outs. */
  in(state: ModelState): Stimulus[] {
    const { snapshot } = state;
    if (snapshot.status !== 'active') return [];
    const sent = this.#events.flatMap(([type, source]) =>
      source(snapshot).map((data): Stimulus => ({ event: { ...data, type } })),
    );
    const timeouts = state.timers
      .filter((timer) => canFire(state, timer))
      .map(({ event, delayMs }): Stimulus => ({ event, afterMs: delayMs }));
    return [...sent, ...this.#ofChildren(snapshot), ...timeouts];
  }

  #ofChildren(snapshot: AnyMachineSnapshot): Stimulus[] {
    return Object.keys(snapshot.children).flatMap((id) =>
      (['done', 'error', 'snapshot'] as const).flatMap((what) => {
        const type = what === 'snapshot' ? `xstate.snapshot.${id}` : `xstate.${what}.actor.${id}`;
        // A result that nobody asks for says nothing; one that fails so would end the machine.
        if (!isAnswered(snapshot, type)) return [];
        return this.#childSource(
          id,
          what,
        )(snapshot).map((value): Stimulus => ({ event: childEvent(type, id, what, value) }));
      }),
    );
  }

  #childSource(id: string, what: keyof ChildExamples): Source<unknown> {
    const key = `${what} ${id}`;
    let source = this.#children.get(key);
    if (source === undefined) {
      const given = this.#options.children?.[id]?.[what];
      const usual = what === 'error' ? [new Error('it failed')] : [undefined];
      source = sourceOf(given ?? usual, `children.${id}.${what}`, this.#options);
      this.#children.set(key, source);
    }
    return source;
  }
}

function childEvent(type: string, actorId: string, what: keyof ChildExamples, value: unknown): EventObject {
  const data =
    what === 'done'
      ? { output: value }
      : what === 'error'
        ? { error: value }
        : { snapshot: { status: 'active', output: undefined, error: undefined, context: value } };
  const event: EventObject & { readonly actorId: string } = { type, actorId, ...data };
  return event;
}

/** Whether a state that the machine is in names the event, or a wildcard of XState's own events. */
const isAnswered = ({ _nodes: nodes }: AnyMachineSnapshot, type: string): boolean =>
  nodes.some((node: AnyMachineSnapshot['_nodes'][number]) =>
    [...node.transitions.keys()].some(
      (descriptor) =>
        descriptor === type ||
        (descriptor.startsWith('xstate.') &&
          descriptor.endsWith('*') &&
          type.startsWith(descriptor.slice(0, -1))),
    ),
  );
