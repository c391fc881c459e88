/** How many of the generated walks are run: `npm run test:model` and CI run all of them, `npm test` a part. */

export const everyWalk = process.env.QEMU_ACTORS_WALKS === 'all';
