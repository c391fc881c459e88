/**
 * What QEMU must be told so that a policy can be ours: left to itself it exits, or resets, before anybody is asked.
 *
 * libvirt 9.0.0 `qemu_process.c:qemuProcessSetupLifecycleActions`; `-no-shutdown` of `qemu_command.c`.
 */
import type { Policies } from '../events/policies.ts';
import type { QmpCommands } from '../qmp/commands.ts';

type Actions = QmpCommands['set-action']['arguments'];

/** Arguments of `set-action`; null if nothing needs to be told. QAPI `run-state.json:set-action`, since 6.0 */
export function actionsFor({ onPoweroff, onReboot, onCrash }: Policies): Actions | null {
  const actions: Actions = {
    ...(onReboot === null ? {} : { reboot: onReboot === 'restart' ? 'reset' : 'shutdown' }),
    ...(onPoweroff === null ? {} : { shutdown: 'pause' }),
    ...(onCrash === null ? {} : { panic: 'pause' }),
  };
  return Object.keys(actions).length === 0 ? null : actions;
}
