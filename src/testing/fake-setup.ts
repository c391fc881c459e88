/** What a fake QEMU is started with. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { badArgument } from '../errors.ts';
import { NodeEventLoop } from '../loop/node-event-loop.ts';
import { createNodeRuntime } from '../loop/node-runtime.ts';
import type { Address, Runtime } from '../loop/runtime.ts';
import type { RunState, RxFilterInfo } from '../qmp/commands.ts';
import type { OpenListener } from './fake-network.ts';
import {
  type FakeActions,
  type FakeBackends,
  type FakeProcess,
  initialFilter,
} from './fake-qemu-commands.ts';

/** `sun_path` of a unix socket is 107 bytes; `.9` and, while it is made, `~` come after the path. */
const MAX_PATH_BYTES = 104;

/** @public */
export interface FakeQemuOptions {
  /** Of the monitor's unix socket. @defaultValue a fresh short path in the system's temporary directory */
  readonly path?: string;
  /** Listen on TCP instead. */
  readonly host?: string;
  /** @defaultValue 0, any free port */
  readonly port?: number;
  /** As `-name`. @defaultValue none, as a QEMU started without */
  readonly name?: string;
  /** As `-uuid`. @defaultValue the all-zero uuid, as a QEMU started without */
  readonly uuid?: string;
  /** @defaultValue 'running' */
  readonly status?: RunState;
  /** Whether the greeting offers out-of-band commands. @defaultValue true */
  readonly oob?: boolean;
  readonly nics?: readonly { readonly name: string; readonly filter?: Partial<RxFilterInfo> }[];
  /** Ids of further devices that can be unplugged. */
  readonly devices?: readonly string[];
  /** What stands behind devices, by kind; each is there until it is removed. */
  readonly backends?: { readonly [K in keyof FakeBackends]?: readonly string[] };
  /** Drives whose trays are closed; one that the guest locked opens only by force. */
  readonly drives?: readonly { readonly id: string; readonly locked?: boolean }[];
  /** As `-action`. @defaultValue reboot=reset, shutdown=poweroff, panic=shutdown, watchdog=reset */
  readonly actions?: Partial<FakeActions>;
  /** Number of monitor sockets; the second has `.2` after its path, and so on. @defaultValue 1 */
  readonly monitors?: number;
  readonly runtime?: Runtime;
  /** Other sockets than the system's (`SimulatedRuntime.listener`); with it, `path` is in no directory. */
  readonly listener?: OpenListener;
}

/** Node's, but not the process's event loop, which may still be registered. @internal */
export const runtimeOf = ({ runtime }: FakeQemuOptions): Runtime =>
  runtime ?? createNodeRuntime(new NodeEventLoop());

/** A process as it starts. @internal */
export function newProcess(options: FakeQemuOptions): FakeProcess {
  const { status = 'running', nics = [], devices = [], drives = [], backends = {}, actions } = options;
  return {
    alive: true,
    status,
    nics: new Map(
      nics.map(({ name, filter }) => [
        name,
        { name, filter: { ...initialFilter(name), ...filter }, armed: true },
      ]),
    ),
    devices: new Set([...devices, ...nics.map((nic) => nic.name)]),
    unplugging: new Set(),
    backends: {
      netdevs: new Set(backends.netdevs),
      chardevs: new Set(backends.chardevs),
      objects: new Set(backends.objects),
      nodes: new Set(backends.nodes),
    },
    drives: new Map(drives.map(({ id, locked = false }) => [id, { id, open: false, locked }])),
    actions: { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'reset', ...actions },
  };
}

/**
 * Where the monitors listen, and the directory that was made for them.
 *
 * @throws {TypeError} when the path is too long, or not in a directory
 * @internal
 */
export function monitorAddresses(options: FakeQemuOptions): {
  readonly addresses: readonly Address[];
  readonly temporary: string | null;
} {
  const { host, port, monitors = 1 } = options;
  if (!Number.isInteger(monitors) || monitors < 1 || monitors > 9)
    throw badArgument('monitors', 'an integer from 1 to 9', monitors);
  const each = Array.from({ length: monitors }, (_, index) => index);
  if (host !== undefined || port !== undefined) {
    const toAddress = (index: number): Address => ({
      host: host ?? '127.0.0.1',
      port: index === 0 ? (port ?? 0) : 0,
    });
    return { addresses: each.map(toAddress), temporary: null };
  }
  if (options.path !== undefined && Buffer.byteLength(options.path) > MAX_PATH_BYTES)
    throw badArgument('path', `at most ${MAX_PATH_BYTES} bytes`, options.path);
  if (options.path !== undefined && options.listener === undefined && !existsSync(dirname(options.path)))
    throw badArgument('path', 'a path in a directory that exists', options.path);
  const temporary = options.path === undefined ? mkdtempSync(join(tmpdir(), 'qa-')) : null;
  const path = options.path ?? join(String(temporary), 'm');
  const toAddress = (index: number): Address => ({ path: index === 0 ? path : `${path}.${index + 1}` });
  return { addresses: each.map(toAddress), temporary };
}
