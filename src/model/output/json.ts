/** Walks as a plan in JSON, for whatever else runs them. */
import { toJson } from '../json-value.ts';
import { eventOf, type PlannedWalks } from './planned.ts';

/** Grows when readers of an older one would be wrong. */
const VERSION = 1;

/**
 * One JSON object; a walk is a line of it:
 * `{"strategy":"states","name":"…","start":{"value","status","effects"},"steps":[{"event","afterMs","expected","taken"}]}`.
 *
 * What JSON has no word for is marked, as in a walk that was saved: `{"$error":{"name":"Error","message":"it failed"}}`.
 *
 * @throws ModelError `ERR_UNSERIALISABLE` if an event cannot be written
 */
export function toPlan(machine: string, planned: readonly PlannedWalks[]): string {
  const lines = planned.flatMap(({ strategy, walks }) =>
    walks.map(({ name, start, steps }) => {
      const written = steps.map((step, at) => ({
        ...step,
        event: toJson(eventOf(step), `walk '${name}', step ${at + 1}, ${step.event.type}: event`),
      }));
      return `    ${JSON.stringify({ strategy, name, start, steps: written })}`;
    }),
  );
  return [
    '{',
    `  "version": ${VERSION},`,
    `  "machine": ${JSON.stringify(machine)},`,
    `  "strategies": ${JSON.stringify(planned.map(({ strategy }) => strategy))},`,
    lines.length === 0 ? '  "walks": []' : `  "walks": [\n${lines.join(',\n')}\n  ]`,
    '}\n',
  ].join('\n');
}
