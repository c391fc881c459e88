/** Takes a fake QEMU's commands from line to reply, with the faults that concern them. */
import type { FakeClient } from './fake-client.ts';
import type { FakeFaults } from './fake-faults.ts';
import { errorReply, parseCommand, type ReceivedCommand, toLine, withId } from './fake-protocol.ts';
import { type CommandContext, checkArguments, FakeCommandError, fakeCommands } from './fake-qemu-commands.ts';

/** Answers a command instead of the fake: the value of `return`, or throws. */
export type FakeHandler = (
  args: Readonly<Record<string, unknown>>,
  command: ReceivedCommand,
) => unknown | Promise<unknown>;

/** What the dispatcher needs of its fake. */
export interface DispatcherHost {
  readonly faults: FakeFaults;
  readonly oobOffered: boolean;
  readonly hung: boolean;
  /** A function that tells whether the process that runs now still does. */
  lifeline(): () => boolean;
  context(afterReply: (action: () => void) => void): CommandContext;
  /** Resolves when it does not hang. */
  whileHung(): Promise<void> | undefined;
  sleep(ms: number): Promise<void>;
  onCommand(command: ReceivedCommand): void;
  die(when: 'before-reply' | 'after-reply'): void;
}

interface Outcome {
  readonly reply: object;
  readonly after: readonly (() => void)[];
}

/** @internal */
export class FakeDispatcher {
  readonly handlers = new Map<string, FakeHandler>();
  readonly #host: DispatcherHost;

  constructor(host: DispatcherHost) {
    this.#host = host;
  }

  onLine(client: FakeClient, line: string): void {
    const parsed = parseCommand(line, client.oob);
    if ('refused' in parsed) {
      client.send(toLine(withId(errorReply(parsed.refused), parsed.id)));
      return;
    }
    const command: ReceivedCommand = { ...parsed, connection: client.number, monitor: client.monitor };
    this.#host.onCommand(command);
    if (command.oob) void this.#run(client, command);
    else client.enqueue(() => this.#run(client, command));
  }

  /** Stays synchronous where nothing has to be waited for. */
  #run(client: FakeClient, command: ReceivedCommand): undefined | Promise<void> {
    const { faults, hung } = this.#host;
    const hook = faults.takeHook(command.command);
    const delay = faults.takeDelay(command.command);
    const handler = client.negotiated ? this.handlers.get(command.command) : undefined;
    if (hook !== undefined || delay !== undefined || handler !== undefined || hung)
      return this.#runLater(client, command, { hook, delay, handler });
    this.#reply(client, command, this.#perform(client, command));
    return undefined;
  }

  async #runLater(
    client: FakeClient,
    command: ReceivedCommand,
    { hook, delay, handler }: { hook: unknown; delay: unknown; handler: FakeHandler | undefined },
  ): Promise<void> {
    const alive = this.#host.lifeline();
    const hold = async (): Promise<void> => {
      if (typeof delay === 'number') await this.#host.sleep(delay);
      else await Promise.allSettled([delay]);
      await this.#host.whileHung();
    };
    // QEMU tells how it is when the reply goes out: no event comes between.
    const isQuery = command.command.startsWith('query-');
    let outcome: Outcome;
    try {
      await this.#host.whileHung();
      if (typeof hook === 'function') await hook(command);
      await this.#host.whileHung();
      if (isQuery) await hold();
      if (!alive()) return;
      outcome =
        handler === undefined
          ? this.#perform(client, command)
          : { reply: { return: orEmpty(await handler(command.arguments, command)) }, after: [] };
    } catch (error) {
      outcome = { reply: errorReply(error), after: [] };
    }
    if (!isQuery) await hold();
    if (alive()) this.#reply(client, command, outcome);
  }

  #perform(client: FakeClient, received: ReceivedCommand): Outcome {
    const after: (() => void)[] = [];
    const context = this.#host.context((action) => after.push(action));
    try {
      return { reply: { return: execute(client, received, context, this.#host.oobOffered) }, after };
    } catch (error) {
      return { reply: errorReply(error), after };
    }
  }

  #reply(client: FakeClient, command: ReceivedCommand, outcome: Outcome): void {
    const { faults } = this.#host;
    const death = faults.takeDeath(command.command);
    if (death === 'before-reply') {
      this.#host.die(death);
      return;
    }
    if (!faults.takeDrop(command.command)) client.send(toLine(withId(outcome.reply, command.id)));
    for (const action of outcome.after) action();
    if (death === 'after-reply') this.#host.die(death);
  }
}

const orEmpty = (value: unknown): unknown => (value === undefined ? {} : value);

/** @throws {FakeCommandError} in QEMU's words */
function execute(
  client: FakeClient,
  { command, arguments: args, oob }: ReceivedCommand,
  context: CommandContext,
  oobOffered: boolean,
): unknown {
  if (!client.negotiated && command !== 'qmp_capabilities')
    throw new FakeCommandError(
      'CommandNotFound',
      "Expecting capabilities negotiation with 'qmp_capabilities'",
    );
  const found = Object.hasOwn(fakeCommands, command) ? fakeCommands[command] : undefined;
  if (found === undefined)
    throw new FakeCommandError('CommandNotFound', `The command ${command} has not been found`);
  if (oob) throw new FakeCommandError('GenericError', `The command ${command} does not support OOB`);
  if (command === 'qmp_capabilities') return negotiate(client, args, oobOffered);
  checkArguments(found, args);
  return found.run(context, args);
}

function negotiate(client: FakeClient, args: Readonly<Record<string, unknown>>, oobOffered: boolean): object {
  if (client.negotiated)
    throw new FakeCommandError(
      'CommandNotFound',
      'Capabilities negotiation is already complete, command ignored',
    );
  const enable = Array.isArray(args.enable) ? args.enable : [];
  const unknown = enable.find((capability) => capability !== 'oob');
  if (unknown !== undefined)
    throw new FakeCommandError('GenericError', `Parameter 'null' does not accept value '${unknown}'`);
  if (enable.length > 0 && !oobOffered)
    throw new FakeCommandError('GenericError', 'Capability oob not available');
  client.negotiated = true;
  client.oob = enable.length > 0;
  return {};
}
