/** A failed run as a file. */
import { z } from 'zod';
import { actions } from './actions.ts';
import type { FailingRun } from './shrink.ts';

const index = z.number().int().min(0);

const schema = z.strictObject({
  seed: z.number().int(),
  domains: z.array(index).min(1),
  plan: z.array(
    z.union([
      z.strictObject({ choose: z.string(), pick: index }),
      z.strictObject({ pass: z.number().min(0) }),
      z.strictObject({
        do: z.string().refine((name) => Object.hasOwn(actions, name), 'no such action'),
        domain: index,
        pick: index,
      }),
    ]),
  ),
  violation: z.strictObject({
    rule: z.string(),
    domain: z.string().nullable(),
    why: z.string(),
    step: index,
  }),
});

/** @throws SyntaxError if it is not JSON; Error that says where it is not what a failed run is */
export function parseFailingRun(text: string): FailingRun {
  const result = schema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}
