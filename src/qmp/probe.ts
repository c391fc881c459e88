/**
 * What the QEMU at hand has: the types say what some QEMU has, and builds and versions differ.
 *
 * The schema is 186 kB in QEMU 7.2, the same for each process of one build. Who attaches to many asks through a
 * `ProbeCache`.
 */
import { BadReplyError, CommandError } from '../errors.ts';
import type { EventLoop } from '../loop/event-loop.ts';
import { createNodeRuntime } from '../loop/node-runtime.ts';
import { after } from '../loop/timeouts.ts';
import type { QmpConnection } from './connection.ts';

/** QEMU 7.2 lists 1051 things in its schema, 216 of them commands. */
const MAX_ENTRIES = 20_000;
const MAX_NAME_LENGTH = 256;
const DEFAULT_CACHE_LIMIT = 16;
const DEFAULT_PATIENCE_MS = 1000;

/** What can be asked: a connection, a client, a domain. @public */
export type Askable = Pick<QmpConnection, 'execute'>;

/** @public */
export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined;
}

/** @public */
export interface ProbeCacheOptions {
  /** For patience. @defaultValue Node's */
  readonly loop?: EventLoop;
  /** Builds that are remembered. @defaultValue 16 */
  readonly limit?: number;
  /**
   * How long one waits for the answer of another QEMU of its build before it asks its own: one that hangs holds up
   * nobody for longer. @defaultValue 1000
   */
  readonly patienceMs?: number;
}

/** What a QEMU has. @public */
export interface QemuAbilities {
  /** @example `'7.2.22'` */
  readonly version: string;
  readonly commands: ReadonlySet<string>;
  /** Null if it does not tell: `query-qmp-schema` was refused. */
  readonly events: ReadonlySet<string> | null;
}

interface Build {
  readonly version: string;
  readonly package: string;
}

/**
 * Asks a QEMU for its version, commands and events.
 *
 * @throws {BadReplyError} when an answer is not what QAPI says
 * @throws {CommandError} when it refuses `query-version`, or both `query-qmp-schema` and `query-commands`
 * @throws what `execute` throws
 * @public
 */
export async function probe(connection: Askable, options: ProbeOptions = {}): Promise<QemuAbilities> {
  const { version } = await askBuild(connection, options);
  return askAbilities(connection, version, options);
}

/**
 * Remembers what each build of QEMU has, so that of many QEMUs of one build only the first is asked for its schema.
 *
 * A build is told by version, package and target, which are asked of each. Two builds of one's own that say the same
 * of themselves are taken for one.
 *
 * @public
 */
export class ProbeCache {
  readonly #loop: EventLoop;
  readonly #limit: number;
  readonly #patienceMs: number;
  /** By build, the least recently used first. */
  readonly #known = new Map<string, QemuAbilities>();
  /** Who is being asked now. */
  readonly #asked = new Map<string, Promise<QemuAbilities>>();

  constructor(options: ProbeCacheOptions = {}) {
    this.#loop = options.loop ?? createNodeRuntime().loop;
    this.#limit = options.limit ?? DEFAULT_CACHE_LIMIT;
    this.#patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
  }

  /** As `probe`. A failure is not remembered, and is only told to whose QEMU it was. */
  async probe(connection: Askable, options: ProbeOptions = {}): Promise<QemuAbilities> {
    const build = await askBuild(connection, options);
    const target = await askTarget(connection, options);
    const key = JSON.stringify([build.version, build.package, target]);
    // From the last look at who is asked to being the one who is, nothing is awaited: so one asks, not all.
    if (this.#asked.has(key)) {
      const patience = waitAtMost(this.#loop, this.#patienceMs, options.signal);
      for (;;) {
        const asked = this.#asked.get(key);
        if (asked === undefined || this.#known.has(key) || patience.isOver()) break;
        await Promise.race([asked.then(ignore, ignore), patience.over]);
      }
      patience.cancel();
    }
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#remember(key, known);
      return known;
    }
    const asking = askAbilities(connection, build.version, options);
    this.#asked.set(key, asking);
    try {
      const abilities = await asking;
      this.#remember(key, abilities);
      return abilities;
    } finally {
      if (this.#asked.get(key) === asking) this.#asked.delete(key);
    }
  }

  #remember(key: string, abilities: QemuAbilities): void {
    this.#known.delete(key);
    this.#known.set(key, abilities);
    for (const oldest of this.#known.keys()) if (this.#known.size > this.#limit) this.#known.delete(oldest);
  }
}

/** Over after a while, or as soon as the signal is aborted. */
function waitAtMost(loop: EventLoop, ms: number, signal: AbortSignal | undefined) {
  let isOver = false;
  let end = ignore;
  const over = new Promise<void>((resolve) => {
    end = () => {
      isOver = true;
      resolve();
    };
  });
  const cancelTimeout = after(loop, ms, end);
  signal?.addEventListener('abort', end, { once: true });
  return {
    over,
    isOver: () => isOver || signal?.aborted === true,
    cancel: () => {
      cancelTimeout();
      signal?.removeEventListener('abort', end);
    },
  };
}

/** The failure of another's question is told to whose QEMU it is. */
const ignore = (): void => {};

async function askBuild(connection: Askable, { signal }: ProbeOptions): Promise<Build> {
  const reply = fields(await connection.execute('query-version', {}, { signal }), 'query-version');
  const { major, minor, micro } = fields(reply.qemu, 'query-version');
  const numbers = [major, minor, micro];
  if (!numbers.every((each) => Number.isSafeInteger(each))) throw notAsDocumented('query-version');
  return { version: numbers.join('.'), package: name(reply.package, 'query-version') };
}

/** One package has binaries for many targets, of one version, and each target has commands of its own. */
async function askTarget(connection: Askable, { signal }: ProbeOptions): Promise<string | null> {
  const reply = await orNull(connection.execute('query-target', {}, { signal }));
  return reply === null ? null : name(fields(reply, 'query-target').arch, 'query-target');
}

async function askAbilities(
  connection: Askable,
  version: string,
  { signal }: ProbeOptions,
): Promise<QemuAbilities> {
  const reply = await orNull(connection.execute('query-qmp-schema', {}, { signal }));
  if (reply === null) {
    const listed = list(await connection.execute('query-commands', {}, { signal }), 'query-commands');
    const commands = listed.map((entry) => name(entry.name, 'query-commands'));
    return { version, commands: new Set(commands), events: null };
  }
  const commands = new Set<string>();
  const events = new Set<string>();
  for (const entry of list(reply, 'query-qmp-schema')) {
    const kind = name(entry['meta-type'], 'query-qmp-schema');
    if (kind === 'command') commands.add(name(entry.name, 'query-qmp-schema'));
    else if (kind === 'event') events.add(name(entry.name, 'query-qmp-schema'));
  }
  return { version, commands, events };
}

/** Null if QEMU says no. */
async function orNull(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof CommandError) return null;
    throw error;
  }
}

function fields(value: unknown, command: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notAsDocumented(command);
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, command: string): Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value) || value.length > MAX_ENTRIES) throw notAsDocumented(command);
  return value.map((entry) => fields(entry, command));
}

function name(value: unknown, command: string): string {
  if (typeof value !== 'string' || value.length > MAX_NAME_LENGTH) throw notAsDocumented(command);
  return value;
}

const notAsDocumented = (command: string): BadReplyError =>
  new BadReplyError(`the reply to ${command} is not what QAPI says`);
