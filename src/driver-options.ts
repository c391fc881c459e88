/** What openDriver() takes, checked, and what stands in for what is left out. */
import type { Services } from './actors/services.ts';
import { callbackErrorChannel } from './diagnostics.ts';
import type { DomainEvent } from './domain.ts';
import { badArgument, messageOf } from './errors.ts';
import { createDryRunNetwork } from './host/dry-run.ts';
import type { HostNetwork } from './host/host-network.ts';
import { createIproute2 } from './host/iproute2.ts';
import { EVENT_LOOP_FUNCTIONS, type EventLoop, missingFunctions } from './loop/event-loop.ts';
import type { Runtime } from './loop/runtime.ts';

export interface DriverOptions {
  /** An event loop of this driver's own. @defaultValue the process's, see `registerEventLoop` */
  readonly eventLoop?: EventLoop;
  /** Everything that is not pure; `eventLoop` is then its own. */
  readonly runtime?: Runtime;
  /**
   * What may be done to the host's network: `off` nothing, and QEMU is not asked what it would be; `dry-run`
   * reports what is due; `apply` does it. Or an implementation. @defaultValue `'off'`
   */
  readonly host?: 'off' | 'dry-run' | 'apply' | HostNetwork;
  /**
   * Is told when a subscriber's callback throws or rejects; `event` is null if it was one that frees.
   *
   * @defaultValue one process warning a callback
   */
  readonly onCallbackError?: (error: unknown, event: DomainEvent | null) => void;
  /**
   * Where dumps of a guest's memory go that a watchdog or `onCrash` asks for; QEMU writes them itself, so it is a
   * directory that QEMU may write to. Without one there is no dump. libvirt `auto_dump_path`
   */
  readonly dumpDirectory?: string;
  /** Who starts again what a QEMU of ours cannot do without; each is asked for when its program is lost. */
  readonly services?: Services;
  /** How long `close()` waits for host commands that are under way. @defaultValue 5000 */
  readonly closeTimeoutMs?: number;
}

const has = (value: unknown, ...methods: string[]): boolean =>
  typeof value === 'object' && value !== null && methods.every((name) => name in value);

const SERVICES = ['restartPrHelper', 'restartPasst', 'restartNbdkit'] as const satisfies (keyof Services)[];

/** One of them at least: else a name is misspelled. */
function areServices(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const given = SERVICES.map((name) => (value as Services)[name]).filter((one) => one !== undefined);
  return given.length > 0 && given.every((one) => typeof one === 'function');
}

const DRIVER_OPTIONS: Readonly<
  Record<keyof DriverOptions, { readonly what: string; accepts(value: unknown): boolean }>
> = {
  eventLoop: {
    what: `an object with the functions ${EVENT_LOOP_FUNCTIONS.join(', ')}`,
    accepts: (value) => missingFunctions(value).length === 0,
  },
  runtime: {
    what: 'a Runtime',
    accepts: (value) => has(value, 'loop', 'files', 'processes', 'connect', 'hold'),
  },
  host: {
    what: "'off', 'dry-run', 'apply', or a HostNetwork",
    accepts: (value) => ['off', 'dry-run', 'apply'].includes(value as string) || has(value, 'read', 'apply'),
  },
  onCallbackError: { what: 'a function', accepts: (value) => typeof value === 'function' },
  dumpDirectory: {
    what: 'a path',
    accepts: (value) => typeof value === 'string' && value !== '',
  },
  services: {
    what: `an object with functions of ${SERVICES.join(', ')}`,
    accepts: areServices,
  },
  closeTimeoutMs: {
    what: 'a number above 0',
    accepts: (value) => typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY,
  },
};

export function requireDriverOptions(options: unknown): asserts options is DriverOptions {
  if (typeof options !== 'object' || options === null)
    throw badArgument('openDriver', 'an object of options', options);
  for (const [key, value] of Object.entries(options)) {
    const expected = Object.hasOwn(DRIVER_OPTIONS, key) ? DRIVER_OPTIONS[key as keyof DriverOptions] : null;
    if (expected === null) throw badArgument('openDriver', Object.keys(DRIVER_OPTIONS).join(', '), key);
    if (value !== undefined && !expected.accepts(value)) throw badArgument(key, expected.what, value);
  }
}

export function hostOf(option: NonNullable<DriverOptions['host']>, runtime: Runtime): HostNetwork | null {
  if (typeof option === 'object') return option;
  if (option === 'off') return null;
  if (option === 'apply') return createIproute2(runtime);
  return createDryRunNetwork(createIproute2(runtime));
}

type OnCallbackError = (error: unknown, event: DomainEvent | null, callback: object) => unknown;

/** The channel for each error, then whoever asked; if that throws or rejects too, it is let be. */
export const callbackErrors =
  (tell: OnCallbackError): OnCallbackError =>
  (error, event, callback) => {
    callbackErrorChannel.publish({ domain: event?.name ?? null, type: event?.type ?? null, error });
    const letBe = (second: unknown): void =>
      process.emitWarning(`onCallbackError failed: ${messageOf(second)}`, 'QemuActorsWarning');
    try {
      const told = tell(error, event, callback);
      if (told instanceof Promise) told.catch(letBe);
    } catch (second) {
      letBe(second);
    }
  };

/** One warning for each callback. */
export function warnOnce(): OnCallbackError {
  const warned = new WeakSet<object>();
  return (error, event, callback) => {
    if (warned.has(callback)) return;
    warned.add(callback);
    const what = event === null ? 'a callback that frees' : `a callback for ${event.type}`;
    process.emitWarning(`${what} failed: ${messageOf(error)}`, 'QemuActorsWarning');
  };
}
