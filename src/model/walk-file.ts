/** One walk as a text: what is saved of one that failed. */
import type { StateValue } from 'xstate';
import { z } from 'zod';
import { ModelError, messageOf } from '../errors.ts';
import { fromJson, toJson } from './json-value.ts';
import type { Walk, WalkStep } from './walk.ts';

/** Grows when readers of an older one would be wrong. */
const VERSION = 1;

const stateValue: z.ZodType<StateValue> = z.lazy(() =>
  z.union([z.string(), z.record(z.string(), stateValue)]),
);

const expectation = z.strictObject({
  value: stateValue,
  status: z.enum(['active', 'done', 'error', 'stopped']),
  effects: z.array(z.string()),
});

const schema = z.strictObject({
  version: z.literal(VERSION),
  name: z.string(),
  start: expectation,
  steps: z.array(
    z.strictObject({
      event: z.looseObject({ type: z.string() }),
      afterMs: z.number().min(0).optional(),
      expected: expectation,
      taken: z.array(z.string()),
    }),
  ),
});

/**
 * A walk as a JSON text, which {@link readWalk} reads. What JSON has no word for is marked, as
 * `{"$error": {"name": "Error", "message": "it failed"}}` or `{"$date": "2001-02-03T04:05:06.000Z"}`.
 *
 * @throws ModelError `ERR_UNSERIALISABLE` if an event holds a function, an actor, or an instance of a class
 */
export function writeWalk({ name, start, steps }: Walk): string {
  const written = steps.map((step, index) => ({
    ...step,
    event: toJson(step.event, `steps[${index}].event`),
  }));
  return `${JSON.stringify({ version: VERSION, name, start, steps: written }, null, 2)}\n`;
}

/** @throws ModelError `ERR_WALK_FILE` that says where the text is not what {@link writeWalk} writes */
export function readWalk(text: string): Walk {
  const refuse = (why: string): never => {
    throw new ModelError(`the walk cannot be read: ${why}`, { code: 'ERR_WALK_FILE' });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse(`it is not JSON (${messageOf(error)})`);
  }
  const { data, error } = schema.safeParse(json);
  if (data === undefined) {
    const [issue] = error.issues;
    return refuse(`${placeOf(issue?.path ?? [])}: ${issue?.message}`);
  }
  const steps = data.steps.map(({ event, afterMs, ...step }, index): WalkStep => {
    const read = fromJson(event, `steps[${index}].event`) as WalkStep['event'];
    return { event: read, ...(afterMs === undefined ? {} : { afterMs }), ...step };
  });
  return { name: data.name, start: data.start, steps };
}

/** @example `steps[0].event.type` */
function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return place.replace(/^\./, '') || 'the whole';
}
