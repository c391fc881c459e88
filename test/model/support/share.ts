/** How many of the generated walks are run: `npm run test:model` and CI run all of them, `npm test` a part. */

export const everyWalk = process.env.QEMU_ACTORS_WALKS === 'all';

/** All of a list, or one of so many, evenly. */
export const share = <T>(list: readonly T[], oneOf: number): readonly T[] =>
  everyWalk ? list : list.filter((_, at) => at % oneOf === 0);
