/**
 * Compares what a replay yields with what libvirt's public API told its clients in the same scenario.
 *
 * The rules say where both may differ, and why; a deviation needs a rule, not the name of a scenario.
 */
import { reports } from '../../src/events/reports.ts';
import { isOwnEof } from '../../src/recording/format.ts';
import type { Recording } from '../../src/recording/reader.ts';

/** A line of NAME.expected.jsonl. */
export interface ExpectedStep {
  readonly step: number;
  readonly events: readonly { readonly event: string; readonly args: Args }[];
  readonly state?: string;
  readonly reason?: string;
  readonly active?: boolean;
  /** The domain object no longer exists. */
  readonly gone?: boolean;
  readonly managerDown?: boolean;
}

/** What is compared of an item. */
export interface Told {
  readonly type: string;
  readonly args: object;
  readonly reconstructed: boolean;
  readonly step: number | null;
}

type Args = Readonly<Record<string, unknown>>;

interface Event {
  readonly step: number;
  readonly event: string;
  readonly args: Args;
}

interface State {
  readonly state?: unknown;
  readonly reason?: unknown;
  readonly active?: unknown;
}

/** Rule 1: not compared. */
const NOT_COMPARED = ['tunable', 'metadata-change', 'control-error'];

/** @returns one line for each difference */
export function compare(
  recording: Recording,
  expected: readonly ExpectedStep[],
  told: readonly Told[],
): string[] {
  const scene = new Scene(recording, expected);
  const ours: Event[] = told
    .filter(({ type, reconstructed }) => !Object.hasOwn(reports, type) && !reconstructed)
    .map(({ type, args, step }) => ({ step: step ?? 0, event: type, args: args as Args }));
  const theirs: Event[] = expected.flatMap(({ step, events }) =>
    events.map(({ event, args }) => ({ step, event, args })),
  );
  const states = told.filter(({ type, step }) => type === 'state' && step !== null);
  return [
    ...compareEvents(scene.normalize(theirs, true), scene.normalize(ours, false)),
    ...scene.compareStates(states.map(({ step, args }) => [step ?? 0, args])),
  ];
}

const say = ({ event, args }: Event): string => `${event} ${JSON.stringify(sorted(args))}`;

const sorted = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(
        Object.entries(value)
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([name, each]) => [name, sorted(each)]),
      );

function compareEvents(theirs: readonly Event[], ours: readonly Event[]): string[] {
  const differences: string[] = [];
  for (let n = 0; n < Math.max(theirs.length, ours.length); n += 1) {
    const [their, our] = [theirs[n], ours[n]];
    const [wanted, got] = [
      their === undefined ? 'nothing' : say(their),
      our === undefined ? 'nothing' : say(our),
    ];
    if (wanted === got) continue;
    differences.push(`event ${n + 1} (step ${their?.step ?? our?.step}): expected ${wanted}, got ${got}`);
    break;
  }
  return differences;
}

/** A recording, as far as the rules look into it. */
class Scene {
  readonly #expected: readonly ExpectedStep[];
  /** Rule 4: steps in which a destroy ran in parallel with another end of QEMU. */
  readonly #races: ReadonlySet<number>;
  /** Rule 6: the step at whose end-of-file libvirt stays `crashed`. */
  readonly #stuckAt: number | null;
  /** Rule 8: the manager was down when QEMU shut down. */
  readonly #unseenShutdown: boolean;

  constructor(recording: Recording, expected: readonly ExpectedStep[]) {
    this.#expected = expected;
    const { lines, domain } = recording;
    const steps = lines.filter((line) => line.kind === 'step');
    this.#races = new Set(
      steps
        .filter(
          ({ parallel = [] }) =>
            parallel.some(({ call }) => call?.operation === 'destroy') &&
            parallel.some(({ by }) => by === 'qemu' || by === 'os'),
        )
        .map(({ step }) => step),
    );
    let step = 0;
    let panicked = false;
    let down = false;
    let stuckAt: number | null = null;
    let unseenShutdown = false;
    for (const line of lines) {
      if (line.kind === 'step') {
        step = line.step;
        const operation = line.call?.operation;
        if (operation === 'manager-stop' || operation === 'manager-kill') down = true;
        if (operation === 'manager-start') down = false;
        if (operation === 'start' || operation === 'create') panicked = false;
      } else if (line.kind === 'event') {
        panicked ||= line.message.event === 'GUEST_PANICKED';
        unseenShutdown ||= down && line.message.event === 'SHUTDOWN';
      } else if (isOwnEof(line) && panicked && domain.onCrash?.startsWith('coredump') === true) {
        const after = expected.find((each) => each.step === step);
        if (after?.state === 'crashed' && after.active === true) stuckAt ??= step;
      }
    }
    this.#stuckAt = stuckAt;
    this.#unseenShutdown = unseenShutdown;
  }

  /** What both sides are compared as. */
  normalize(events: readonly Event[], theirs: boolean): Event[] {
    const compared = events
      .filter(({ event }) => !NOT_COMPARED.includes(event))
      // Rule 5: libvirt's RPC loses those of network disks.
      .filter(({ event, args }) => !(event.startsWith('io-error') && args.path === null))
      .filter(({ step }) => this.#stuckAt === null || step <= this.#stuckAt)
      .map((each) => this.#normalizeArgs(each));
    // Rule 6: libvirt stays crashed; ours is one `stopped`.
    if (theirs && this.#stuckAt !== null)
      compared.push({
        step: this.#stuckAt,
        event: 'lifecycle',
        args: { event: 'stopped', detail: 'failed' },
      });
    const is = (at: number, event: string, detail?: string): boolean => {
      const found = compared[at];
      if (found?.event !== 'lifecycle' || found.args.event !== event) return false;
      return detail === undefined || found.args.detail === detail;
    };
    return compared.filter((_, at) => {
      // Rule 2: libvirt's worker races the STOP of a panic.
      const isOfPanic = is(at - 1, 'crashed', 'panicked') || is(at + 1, 'crashed', 'panicked');
      if (isOfPanic && is(at, 'suspended', 'paused')) return false;
      // Rule 3: whether the SHUTDOWN of a destroyed QEMU is still heard.
      return !(is(at, 'shutdown') && is(at + 1, 'stopped', 'destroyed'));
    });
  }

  #normalizeArgs({ step, event, args }: Event): Event {
    // Rule 1.
    if (event === 'job-completed') return { step, event, args: {} };
    // Rule 7: the id of the backend, or of the device.
    if (event === 'device-added' && typeof args.alias === 'string')
      return { step, event, args: { ...args, alias: args.alias.replace(/^mem(?=dimm\d)/, '') } };
    // Rule 4: either end may win.
    if (
      this.#races.has(step) &&
      event === 'lifecycle' &&
      args.event === 'stopped' &&
      args.detail === 'shutdown'
    )
      return { step, event, args: { ...args, detail: 'destroyed' } };
    return { step, event, args };
  }

  compareStates(states: readonly (readonly [number, State])[]): string[] {
    const differences: string[] = [];
    let raced = false;
    for (const { step, state, reason, active, gone, managerDown } of this.#expected) {
      raced ||= this.#races.has(step);
      if (active === true) raced = false;
      if (state === undefined || gone === true || managerDown === true) continue;
      if (this.#stuckAt !== null && step > this.#stuckAt) break;
      const found = states.filter(([at]) => at === step).map(([, each]) => each);
      if (found.length !== 1) differences.push(`step ${step}: ${found.length} states`);
      const wanted =
        step === this.#stuckAt ? 'shutoff (crashed) inactive' : sayState({ state, reason, active });
      const right = [wanted];
      if (raced && state === 'shutoff' && (reason === 'destroyed' || reason === 'shutdown'))
        right.push('shutoff (destroyed) inactive', 'shutoff (shutdown) inactive');
      // Rule 8.
      if (this.#unseenShutdown && wanted === 'shutoff (crashed) inactive')
        right.push('shutoff (shutdown) inactive');
      const got = sayState(found.at(-1) ?? {});
      if (!right.includes(got)) differences.push(`state after step ${step}: expected ${wanted}, got ${got}`);
    }
    return differences;
  }
}

const sayState = ({ state, reason, active }: State): string =>
  `${state} (${reason}) ${active === true ? 'active' : 'inactive'}`;
