/** Walks as Gherkin: a scenario each, a rule for each strategy. */
import type { Expectation } from '../walk.ts';
import { type PlannedWalks, tellState, tellStep } from './planned.ts';

/**
 * @example
 * ```gherkin
 * Feature: order
 *
 *   Rule: by transitions
 *
 *     Scenario: idle: LOAD
 *       Given the state is idle
 *       When LOAD
 *       Then the state is loading
 *       And it does: timer 1000
 * ```
 * @throws ModelError `ERR_UNSERIALISABLE` if an event cannot be written
 */
export function toGherkin(machine: string, planned: readonly PlannedWalks[]): string {
  const lines = [`Feature: ${machine}`];
  for (const { strategy, walks } of planned) {
    lines.push('', `  Rule: by ${strategy}`);
    for (const walk of walks) {
      lines.push('', `    Scenario: ${walk.name}`);
      lines.push(...seen('Given', walk.start));
      for (const step of walk.steps)
        lines.push(`      When ${tellStep(walk, step)}`, ...seen('Then', step.expected));
    }
  }
  return `${lines.join('\n')}\n`;
}

const seen = (keyword: string, expected: Expectation): string[] => [
  `      ${keyword} the state is ${tellState(expected)}`,
  ...expected.effects.map((effect) => `      And it does: ${effect}`),
];
