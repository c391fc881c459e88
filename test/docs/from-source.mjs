// `node --import ./test/docs/from-source.mjs EXAMPLE` runs an example on the source instead of on what was built.
import { register as registerHooks } from 'node:module';
import { register } from 'tsx/esm/api';

register();
registerHooks(new URL('./from-source-hooks.mjs', import.meta.url));
