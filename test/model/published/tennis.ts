/**
 * The score of a game of tennis, and of a match of it.
 *
 * After: the tennis kata (Emily Bache) as a statechart. Points are counted in the context without end; eventless
 * transitions decide; what identifies a state is a part of what was counted.
 */
import { assign, createMachine, raise } from 'xstate';

interface Score {
  readonly points: readonly [number, number];
  readonly games: readonly [number, number];
  readonly rallies: number;
}

const scored =
  (player: 0 | 1) =>
  ({ context: { points, rallies } }: { context: Score }): Partial<Score> => ({
    points: player === 0 ? [points[0] + 1, points[1]] : [points[0], points[1] + 1],
    rallies: rallies + 1,
  });

const lead = ({ points: [one, other] }: Score): number => one - other;

export const tennis = createMachine({
  types: {} as { context: Score },
  id: 'tennis',
  context: { points: [0, 0], games: [0, 0], rallies: 0 },
  initial: 'game',
  states: {
    game: {
      initial: 'open',
      on: {
        'point.one': { target: '.decide', actions: assign(scored(0)) },
        'point.other': { target: '.decide', actions: assign(scored(1)) },
      },
      onDone: 'between',
      states: {
        decide: {
          always: [
            {
              guard: ({ context }) => Math.max(...context.points) >= 4 && Math.abs(lead(context)) >= 2,
              target: 'won',
              actions: raise({ type: 'game.won' }),
            },
            {
              guard: ({ context }) => Math.min(...context.points) >= 3 && lead(context) === 0,
              target: 'deuce',
            },
            { guard: ({ context }) => Math.min(...context.points) >= 3, target: 'advantage' },
            { target: 'open' },
          ],
        },
        open: {},
        deuce: { tags: 'tense' },
        advantage: { tags: 'tense' },
        won: { type: 'final', entry: 'cheer' },
      },
    },
    between: {
      entry: assign(({ context: { points, games } }) => ({
        points: [0, 0] as const,
        games:
          points[0] > points[1] ? ([games[0] + 1, games[1]] as const) : ([games[0], games[1] + 1] as const),
      })),
      after: {
        60000: [
          { guard: ({ context }) => Math.max(...context.games) >= 2, target: 'over' },
          { target: 'game' },
        ],
      },
    },
    over: { type: 'final' },
  },
});

/** What matters of a score: not how many rallies there were, nor how long a deuce lasts. */
export const tennisOptions = {
  state: ({ context: { points, games } }: { context: Score }) => {
    const [one, other] = points;
    const most = Math.max(0, Math.min(one, other) - 3);
    return [one - most, other - most, games];
  },
};
