/** What `diagram` reads besides the machine: what is to stand out, and what passed. */
import type { AnyStateMachine } from 'xstate';
import { z } from 'zod';
import {
  coverageMarks,
  diagramOf,
  type Marks,
  pathMarks,
  sequenceToMermaid,
  sequenceToSvg,
} from '../diagram/index.ts';
import { pathsIn } from '../diagram/marks.ts';
import { messageOf } from '../errors.ts';
import { readWalk } from '../model/index.ts';
import { readRecording } from '../recording/reader.ts';
import { sequenceOf } from '../recording/sequence.ts';
import type { DiagramOptions } from './commands/diagram.ts';
import { InputError, UsageError } from './errors.ts';
import type { Session } from './run.ts';

const counted = z.object({ items: z.array(z.object({ id: z.string(), count: z.number() })) });
const coverageSchema = z.object({ states: counted, transitions: counted });

/**
 * @throws UsageError for more than one of the options; InputError for a file that cannot be read, and for a state that
 *   there is not
 */
export async function marksFrom(
  machine: AnyStateMachine,
  { active, walk, coverage }: DiagramOptions,
  { io }: Session,
): Promise<Marks> {
  if ([active, walk, coverage].filter((one) => one !== undefined).length > 1)
    throw new UsageError('--active, --walk and --coverage: one of them');
  if (walk !== undefined) {
    const { start, steps } = await read(io, walk, readWalk);
    const states = [start, ...steps.map(({ expected }) => expected)].flatMap(({ value }) => pathsIn(value));
    return pathMarks(
      states,
      steps.flatMap(({ taken }) => taken),
    );
  }
  if (coverage !== undefined) {
    const { states, transitions } = await read(io, coverage, (text) =>
      coverageSchema.parse(JSON.parse(text)),
    );
    return coverageMarks(states.items, transitions.items);
  }
  const known = new Set(statePaths(machine));
  const unknown = active?.find((path) => !known.has(path));
  if (unknown !== undefined)
    throw new InputError(`${machine.id} has no state '${unknown}'; its states are ${[...known].join(', ')}`);
  return { states: new Map((active ?? []).map((path) => [path, 'active'])), transitions: new Map() };
}

function statePaths(machine: AnyStateMachine): string[] {
  const paths = (state: ReturnType<typeof diagramOf>['root']): string[] =>
    state.states.flatMap((child) => [child.path, ...paths(child)]);
  return paths(diagramOf(machine).root);
}

async function read<T>(io: Session['io'], file: string, parse: (text: string) => T): Promise<T> {
  try {
    return parse(await io.readFile(file));
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const why = issue === undefined ? messageOf(error) : `${issue.path.join('.')}: ${issue.message}`;
    throw new InputError(`${file}: ${why}`, { cause: error });
  }
}

/**
 * @returns the sequence of a recording, or of a trace of `simulate`, whichever the file is
 * @throws UsageError for a format that has no sequences; InputError, RecordingError for a file that is neither
 */
export async function sequenceFrom(
  file: string,
  { format, theme }: DiagramOptions,
  { io, signal }: Session,
): Promise<string> {
  if (format !== 'mermaid' && format !== 'svg')
    throw new UsageError(`--sequence is drawn as mermaid or svg, not ${format}`);
  const sequence = await sequenceIn(file, io, signal);
  return format === 'mermaid'
    ? sequenceToMermaid(sequence)
    : sequenceToSvg(sequence, theme === undefined ? {} : { theme });
}

async function sequenceIn(file: string, io: Session['io'], signal: AbortSignal) {
  const text = await read(io, file, (whole) => whole);
  if (!/^\s*\{"step":/.test(text)) return sequenceOf(await readRecording(file, io.runtime.files), { signal });
  const { traceSequence } = await import('../testing/simulation/sequence.ts');
  try {
    return traceSequence(text, file);
  } catch (error) {
    throw new InputError(`${file}:${messageOf(error)}`, { cause: error });
  }
}
