/** Where the distribution's Chromium is. */
import { existsSync } from 'node:fs';

export const CHROMIUM = '/usr/bin/chromium';

/** Null, or why there is no browser to test with. */
export const chromiumAvailable = (): string | null =>
  existsSync(CHROMIUM) ? null : `Chromium is missing: there is no ${CHROMIUM}`;
