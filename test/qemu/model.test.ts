/**
 * The driver on a real QEMU does what `test/model/support/outside-machine.ts` says of a domain, as it does on the fake.
 * Where no guest is needed the firmware does what one would, or somebody writes to its ports.
 */
import { afterAll, expect, test } from 'vitest';
import { runWalks, type Walk } from '../../src/model/index.ts';
import { outsideModel } from '../model/support/outside-model.ts';
import { possible, realSystem } from '../model/support/real-system.ts';
import { describeWith } from '../support/needs.ts';

/** How long one thing may take that a walk does, on a busy machine. */
const STEP_MS = 60_000;
/** So many walks of pairs are run, evenly chosen. */
const PAIRS = 20;

const model = outsideModel({ outlives: false }, possible);

const covered = new Set<string>();
let count = 0;

afterAll(() => {
  const total = model.transitions.length;
  console.log(`on real QEMU: ${count} walks, transitions of the outside machine ${covered.size}/${total}`);
});

async function passes(walks: readonly Walk[], options: Parameters<typeof realSystem>[0] = {}): Promise<void> {
  const system = realSystem(options);
  const report = await runWalks(model, walks, system, { stepTimeoutMs: STEP_MS, shrinkRuns: 0 });
  expect(report.failures.map(({ message }) => message)).toEqual([]);
  count += report.walks;
  for (const { id, count: times } of report.coverage.of('transitions')) if (times > 0) covered.add(id);
}

describeWith(['qemu'], 'a domain on a real QEMU', () => {
  // Halves, so that none comes near the bound of a test.
  test.each([0, 1])('is as its user is promised, on a walk of each transition (%i of 2)', async (half) => {
    const { walks, limits } = model.walks('transitions');
    expect(limits).toEqual([]);
    await passes(walks.filter((_, at) => at % 2 === half));
  });

  test('is as its user is promised, on walks of pairs of transitions', async () => {
    const { walks } = model.walks('pairs');
    const every = Math.ceil(walks.length / PAIRS);
    await passes(walks.filter((_, at) => at % every === 0));
  });
});

describeWith(['qemu', 'guest'], 'a domain on a real QEMU with a guest', () => {
  test('is as its user is promised while the guest sleeps, panics, is reset, boots and powers off', async () => {
    const types = [
      ...[
        'guest.sleeps',
        'line.blinks',
        'other.wakeup',
        'call.suspend',
        'qemu.answers',
        'call.resume',
        'qemu.answers',
      ],
      ...['guest.panics', 'call.reset', 'qemu.answers', 'call.resume', 'qemu.answers', 'guest.powersOff'],
    ];
    await passes(
      [
        model.walk(
          'a life',
          types.map((type) => ({ event: { type } })),
        ),
      ],
      { withGuest: true },
    );
  });
});
