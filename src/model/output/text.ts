/** Walks as plain text: one a paragraph. */
import { count, type PlannedWalks, tellState, tellStep } from './planned.ts';

/**
 * @example
 * ```text
 * order: 3 walks by transitions
 *
 * idle: LOAD
 *   idle
 *   LOAD → loading: timer 1000
 * ```
 * @throws ModelError `ERR_UNSERIALISABLE` if an event cannot be written
 */
export function toText(machine: string, planned: readonly PlannedWalks[]): string {
  const paragraphs = planned.flatMap(({ strategy, walks }) => [
    `${machine}: ${count(walks.length, 'walk')} by ${strategy}\n`,
    ...walks.map((walk) => {
      const { name, start, steps } = walk;
      const lines = steps.map((step) => `${tellStep(walk, step)} → ${tellState(step.expected)}`);
      const states = [start, ...steps.map(({ expected }) => expected)];
      const told = [tellState(start), ...lines].map((line, at) => {
        const effects = states[at]?.effects ?? [];
        return `  ${line}${effects.length === 0 ? '' : `: ${effects.join('; ')}`}\n`;
      });
      return `${name}\n${told.join('')}`;
    }),
  ]);
  return paragraphs.join('\n');
}
