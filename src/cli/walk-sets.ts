/** The walks that a command line asks for. */
import { messageOf } from '../errors.ts';
import type { Model, Strategy, WalkOptions, WalkSet } from '../model/index.ts';
import { InputError, UsageError } from './errors.ts';
import type { GenerateOptions } from './generate-options.ts';
import type { Progress } from './progress.ts';
import type { Session } from './run.ts';

/** Whatever goes wrong with a machine comes of what was given. @throws InputError */
export async function asInput<T>(argument: string, work: () => T): Promise<Awaited<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError || error instanceof UsageError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERR_INPUT';
    throw new InputError(`${argument}: ${messageOf(error)}`, { code, cause: error });
  }
}

/**
 * One set a strategy; what was left out is said.
 *
 * @throws InputError if the machine cannot be walked; why the command is to end
 */
export async function makeWalks(
  argument: string,
  model: Model,
  options: GenerateOptions,
  progress: Progress,
  { say }: Session,
): Promise<WalkSet[]> {
  const sets: WalkSet[] = [];
  for (const strategy of options.strategy ?? ['transitions']) {
    const walking = model.walking(strategy, await walkOptionsOf(argument, strategy, options));
    const next = () => asInput(argument, () => walking.next());
    let bit = await next();
    for (; bit.done !== true; bit = await next())
      await progress.pause(`${strategy}: ${bit.value.states} states, ${bit.value.walks} walks`);
    sets.push(bit.value);
  }
  progress.hide();
  for (const limit of new Set(sets.flatMap(({ limits }) => limits))) say(limit);
  return sets;
}

async function walkOptionsOf(
  argument: string,
  strategy: Strategy,
  { seed, walks, length, interrupt }: GenerateOptions,
): Promise<WalkOptions> {
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(walks === undefined ? {} : { maxWalks: walks }),
    ...(length === undefined ? {} : { maxLength: length }),
    ...(strategy === 'races' ? { interrupts: interrupt ?? (await ownInterrupts(argument)) } : {}),
  };
}

async function ownInterrupts(argument: string): Promise<NonNullable<WalkOptions['interrupts']>> {
  if (argument !== 'domain')
    throw new UsageError('--strategy races needs what comes in between: --interrupt EVENT');
  const { domainInterrupts } = await import('../testing/models/index.ts');
  return domainInterrupts;
}
