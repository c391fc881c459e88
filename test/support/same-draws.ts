/** What fast-check draws is the same in each run; `FAST_CHECK_SEED=$RANDOM npm test` draws otherwise. */
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.FAST_CHECK_SEED ?? 1) });
