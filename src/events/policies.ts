/**
 * What is to become of a domain whose guest went off, rebooted or crashed.
 *
 * libvirt 9.0.0 `domain_conf.h:virDomainLifecycleAction`; `coredump-*` only after a crash.
 */
export const lifecycleActions = ['destroy', 'restart', 'rename-restart', 'preserve'] as const;
export const crashActions = [...lifecycleActions, 'coredump-destroy', 'coredump-restart'] as const;

/** After a power-off or a reboot there is nothing to preserve. libvirt 9.0.0 `qemu_validate.c:qemuValidateLifecycleAction` */
export const decidedActions = ['destroy', 'restart'] as const;

export type LifecycleAction = (typeof lifecycleActions)[number];
export type OnCrash = (typeof crashActions)[number];

/** Null: nothing is done, and QEMU is left as it is. */
export interface Policies {
  readonly onPoweroff: LifecycleAction | null;
  readonly onReboot: LifecycleAction | null;
  readonly onCrash: OnCrash | null;
}

export const noPolicies: Policies = { onPoweroff: null, onReboot: null, onCrash: null };

/** Those that were given. */
export const policiesOf = (
  given: { readonly [P in keyof Policies]?: Policies[P] | undefined },
): Policies => ({
  onPoweroff: given.onPoweroff ?? null,
  onReboot: given.onReboot ?? null,
  onCrash: given.onCrash ?? null,
});
