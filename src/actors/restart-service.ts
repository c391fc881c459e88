/** A helper program of QEMU ended, and is to be started again. */
import type { Outcome } from '../events/outcome.ts';
import type { Lease } from './lease.ts';
import type { Services } from './services.ts';

/** What the handlers of helper programs have alike. */
export async function restartService(
  { control, service }: Pick<Lease, 'control' | 'service'>,
  name: keyof Services,
  alias: string | null,
): Promise<Outcome> {
  if (control === null) return { status: 'ignored', why: 'not in control' };
  const restart = service(name);
  if (restart === null) return { status: 'ignored', why: 'no service was given for it' };
  await restart(alias);
  return { status: 'done' };
}
