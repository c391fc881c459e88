/** A fake QEMU under control, with a clock that does not wait 5 s for a guest. */

import { type AttachOptions, type Domain, type Driver, openDriver } from '../../src/index.ts';
import { createNodeRuntime } from '../../src/loop/node-runtime.ts';
import { FakeQemu, type FakeQemuOptions } from '../../src/testing/index.ts';
import { Seen } from './seen.ts';

export interface Controlled {
  readonly qemu: FakeQemu;
  readonly driver: Driver;
  readonly vm: Domain;
  readonly seen: Seen;
}

export interface ControlledOptions {
  readonly qemu?: FakeQemuOptions;
  readonly attach?: Partial<AttachOptions>;
  /** What 5 s, the wait for a guest, are instead; default: 5 s. */
  readonly guestWaitMs?: number;
  /** Before anything is attached. */
  readonly prepare?: (qemu: FakeQemu) => void;
}

/** The looks at attach are through, and what they say is forgotten, when `run` begins. */
export async function underControl(
  { qemu: qemuOptions = {}, attach = {}, guestWaitMs = 5000, prepare }: ControlledOptions,
  run: (world: Controlled) => Promise<void>,
): Promise<void> {
  await using qemu = await FakeQemu.start(qemuOptions);
  prepare?.(qemu);
  const runtime = createNodeRuntime();
  const { loop } = runtime;
  await using driver = await openDriver({
    runtime: {
      ...runtime,
      loop: {
        addHandle: (...args) => loop.addHandle(...args),
        updateHandle: (...args) => loop.updateHandle(...args),
        removeHandle: (watch) => loop.removeHandle(watch),
        addTimeout: (ms, ...rest) => loop.addTimeout(ms === 5000 ? guestWaitMs : ms, ...rest),
        updateTimeout: (...args) => loop.updateTimeout(...args),
        removeTimeout: (timer) => loop.removeTimeout(timer),
      },
    },
  });
  const seen = new Seen(driver);
  const vm = await driver.attach({
    monitor: qemu.path,
    control: true,
    devices: [],
    // Not 5 s.
    times: { greetingMs: 6000, pingIntervalMs: 6000, pingTimeoutMs: 6000 },
    ...attach,
  });
  await seen.until(() => seen.of('outcome').length > 0);
  seen.all.length = 0;
  await run({ qemu, driver, vm, seen });
}

/** Why it was rejected; null if it was not. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

/** Holds a command in QEMU until it is released. */
export function hold(qemu: FakeQemu, command: string): { reached: Promise<void>; release(): void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    qemu.faults.once(command, () => {
      resolve();
      return released;
    });
  });
  return { reached, release: () => release() };
}

/** Commands that were sent since the looks at attach, with one argument each. */
export const sent = ({ received }: FakeQemu, ...commands: string[]): string[] =>
  received
    .filter(({ command }) => commands.includes(command))
    .map(({ command, arguments: args }) => [command, ...Object.values(args)].join(' '));
