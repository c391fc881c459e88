/**
 * What may happen to a machine in a state: events from outside, results of its children, time-outs.
 *
 * Examples are taken from the model's options; an event without one is sent without data.
 */
import fc from 'fast-check';
import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import { ModelError } from '../errors.ts';
import { canFire, type ModelState, runningChildren, type Stimulus } from './step.ts';

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
  /** Contexts that it shows while it runs; or whole snapshots, which have a `status`. */
  readonly snapshot?: Examples<unknown>;
}

export interface StimulusOptions {
  /**
   * By event type. A type that the machine names and that is not here is sent without data; `[]`: never. A wildcard
   * (`mouse.*`) stands for the types here that nothing else names; if there are none, for `mouse.anything`.
   */
  readonly events?: Readonly<Record<string, Examples<EventData>>>;
  /** By the child's id, or by the name of its logic. */
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

/** As XState matches them: `mouse.*` is for `mouse.move`, and for `mouse`. */
const matches = (type: string, wildcard: string): boolean =>
  wildcard === '*' || `${type}.`.startsWith(wildcard.slice(0, -1));

/** An event that a wildcard stands for, and that nothing else names. */
const exampleOf = (wildcard: string): string =>
  wildcard === '*' ? 'model.anything' : `${wildcard.slice(0, -1)}anything`;

const descriptorsOf = (node: AnyStateNode): string[] => [
  ...node.transitions.keys(),
  ...Object.values(node.states).flatMap(descriptorsOf),
];

/** Every event type that the machine names, also to forbid it; what its wildcards stand for; and what else is given. */
function eventTypes(machine: AnyStateMachine, given: readonly string[]): string[] {
  const descriptors = descriptorsOf(machine.root).filter((descriptor) => !isOwn(descriptor));
  const named = new Set(descriptors.filter((descriptor) => !descriptor.endsWith('*')));
  const others = given.filter((type) => !named.has(type) && !type.endsWith('*'));
  const types = descriptors.flatMap((descriptor) => {
    if (!descriptor.endsWith('*')) return [descriptor];
    const meant = others.filter((type) => matches(type, descriptor));
    return meant.length > 0 ? meant : [exampleOf(descriptor)];
  });
  return [...new Set([...types, ...others])];
}

/** Finds what may happen in a state. */
export class Stimuli {
  readonly #sources: ReadonlyMap<string, Source<EventData>>;
  readonly #options: StimulusOptions;
  readonly #children = new Map<string, Source<unknown>>();

  /** @throws ModelError `ERR_ENDLESS` if a list of examples has no end */
  constructor(machine: AnyStateMachine, options: StimulusOptions) {
    this.#options = options;
    const { events = {} } = options;
    // Examples of a wildcard are examples of the event that it stands for.
    const byType = new Map(
      Object.entries(events).map(([type, examples]) => [
        type.endsWith('*') ? exampleOf(type) : type,
        examples,
      ]),
    );
    this.#sources = new Map(
      eventTypes(machine, Object.keys(events)).map((type) => [
        type,
        sourceOf(byType.get(type) ?? [{}], `events.${type}`, options),
      ]),
    );
  }

  /** In a stable order: events as the machine names them, children, time-outs. */
  in(state: ModelState): Stimulus[] {
    const { snapshot } = state;
    if (snapshot.status !== 'active') return [];
    const sent = [...this.#sources].flatMap(([type, source]) =>
      source(snapshot).map((data, example): Stimulus => ({ event: { ...data, type }, example })),
    );
    const timeouts = state.timers
      .filter((timer) => canFire(state, timer))
      .map(({ event, delayMs }): Stimulus => ({ event, afterMs: delayMs }));
    return [...sent, ...this.#ofChildren(state), ...timeouts];
  }

  /** The same example in another state, if examples depend on it: an event of now, not one of another way. */
  again(stimulus: Stimulus, { snapshot }: ModelState): Stimulus {
    const { event, example } = stimulus;
    if (example === undefined || typeof this.#options.events?.[event.type] !== 'function') return stimulus;
    const data = this.#sources.get(event.type)?.(snapshot)[example];
    return data === undefined ? stimulus : { event: { ...data, type: event.type }, example };
  }

  #ofChildren(state: ModelState): Stimulus[] {
    const { snapshot } = state;
    return runningChildren(state).flatMap((child) =>
      (['done', 'error', 'snapshot'] as const).flatMap((what) => {
        const type = what === 'snapshot' ? `xstate.snapshot.${child.id}` : `xstate.${what}.actor.${child.id}`;
        // A result that nobody asks for says nothing; one that fails so would end the machine.
        if (!isAnswered(snapshot, type)) return [];
        return this.#childSource(
          child,
          what,
        )(snapshot).map((value): Stimulus => ({ event: childEvent(type, child.id, what, value) }));
      }),
    );
  }

  #childSource({ id, src }: AnyActorRef, what: keyof ChildExamples): Source<unknown> {
    const { children = {} } = this.#options;
    const name = id in children || typeof src !== 'string' ? id : src;
    const key = `${what} ${name}`;
    let source = this.#children.get(key);
    if (source === undefined) {
      const usual = what === 'error' ? [new Error('it failed')] : [undefined];
      source = sourceOf(children[name]?.[what] ?? usual, `children.${name}.${what}`, this.#options);
      this.#children.set(key, source);
    }
    return source;
  }
}

const isSnapshot = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'status' in value;

function childEvent(type: string, actorId: string, what: keyof ChildExamples, value: unknown): EventObject {
  const data =
    what === 'done'
      ? { output: value }
      : what === 'error'
        ? { error: value }
        : {
            snapshot: isSnapshot(value)
              ? value
              : { status: 'active', output: undefined, error: undefined, context: value },
          };
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
