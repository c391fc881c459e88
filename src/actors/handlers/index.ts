/** The handlers, one for each process event type. A new type in Table 2 is asked for here by the compiler. */
import type { ProcessEventType } from '../../events/process-events.ts';
import { attached } from './attached.ts';
import { deviceDeleted } from './device-deleted.ts';
import { guestCrashloaded } from './guest-crashloaded.ts';
import { guestPanic } from './guest-panic.ts';
import type { Handler } from './handler.ts';
import { jobCreated } from './job-created.ts';
import { jobStatusChange } from './job-status-change.ts';
import { memoryDeviceSizeChange } from './memory-device-size-change.ts';
import { monitorEof } from './monitor-eof.ts';
import { nbdkitExited } from './nbdkit-exited.ts';
import { netdevStreamDisconnected } from './netdev-stream-disconnected.ts';
import { nicRxFilterChanged } from './nic-rx-filter-changed.ts';
import { prDisconnect } from './pr-disconnect.ts';
import { rdmaGidStatusChanged } from './rdma-gid-status-changed.ts';
import { reset } from './reset.ts';
import { serialChanged } from './serial-changed.ts';
import { shutdownOrReboot } from './shutdown-or-reboot.ts';
import { unattendedMigration } from './unattended-migration.ts';
import { watchdog } from './watchdog.ts';

export const handlers: { readonly [T in ProcessEventType]: Handler<T> } = {
  attached,
  deviceDeleted,
  guestCrashloaded,
  guestPanic,
  jobCreated,
  jobStatusChange,
  memoryDeviceSizeChange,
  monitorEof,
  nbdkitExited,
  netdevStreamDisconnected,
  nicRxFilterChanged,
  prDisconnect,
  rdmaGidStatusChanged,
  reset,
  serialChanged,
  shutdownOrReboot,
  unattendedMigration,
  watchdog,
};
