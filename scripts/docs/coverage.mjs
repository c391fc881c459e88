// The page that says what the walks of our own machines cover. `test/model/machines.test.ts` runs the same walks, and
// fails where what ran covers less.

import { code, GENERATED, page, table } from './text.mjs';

const KINDS = /** @type {const} */ (['states', 'transitions', 'guards', 'pairs']);

/** @typedef {{ set: { walks: { steps: unknown[] }[], coverage: object } }} Walks */

/** @param {any} models - the exports of src/testing/models */
export function coveragePage(models) {
  const machines = Object.keys(models.ownModels);
  return page(
    GENERATED,
    '# Coverage of the machines',
    'What the generated walks of our own machines cover: by every strategy alone, and all together. `npm run test:model` runs each of them on the live machine, and fails where less is covered than is shown here.',
    'Guards count twice, as each can say yes and no. Pairs are transitions that can follow each other. A machine whose input decides where it begins is walked from each beginning.',
    ...machines.flatMap((machine) => section(models, machine)),
  );
}

/** @param {any} models @param {string} machine */
function section({ planOwn, summaryOf, ownStarts, exceptions }, machine) {
  /** @type {Map<string, Walks[]>} */
  const plan = planOwn(machine);
  const rows = [...plan].map(([strategy, walks]) => [code(strategy), ...counts(walks, summaryOf)]);
  const starts = Object.keys(ownStarts[machine]);
  const begins = starts.length > 1 ? `Begins ${starts.join(', ')}.` : null;
  const reasons = Object.entries(exceptions[machine]);
  return [
    `## ${machine}`,
    begins,
    table(
      ['strategy', 'walks', 'steps', ...KINDS],
      [...rows, ['**all**', ...counts([...plan.values()].flat(), summaryOf, plan.get('pairs'))]],
    ),
    reasons.length === 0
      ? 'Nothing is left out.'
      : `What no walk can cover:\n\n${reasons.map(([id, why]) => `- ${code(id)}: ${why}`).join('\n')}`,
  ];
}

/**
 * How many walks and steps, and what they cover of what there is.
 *
 * @param {Walks[]} walks
 * @param {(coverages: object[], kind: string) => { covered: number, total: number }} summaryOf
 * @param {Walks[]} ofPairs - those that know which pairs there are; others know only those that they covered
 */
function counts(walks, summaryOf, ofPairs = walks) {
  const all = walks.flatMap(({ set }) => set.walks);
  return [
    all.length,
    all.reduce((sum, { steps }) => sum + steps.length, 0),
    ...KINDS.map((kind) => {
      const coverages = (kind === 'pairs' ? ofPairs : walks).map(({ set }) => set.coverage);
      const { covered, total } = summaryOf(coverages, kind);
      return `${covered} of ${total}`;
    }),
  ];
}
