/** The live view of a driver's domains, for browsers; and of recordings. */
export { type DashboardSource, openDashboard } from './live.ts';
export type { DashboardLimits, DashboardOptions } from './options.ts';
export { openReplay } from './played.ts';
export type { Dashboard } from './server.ts';
