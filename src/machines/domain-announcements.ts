/**
 * QEMU events that change no state: what each announces, and what is known after it.
 *
 * Rules of this file: pure. Null: it means nothing to this domain now, and is counted as ignored. An event that
 * is not here changes the state, or is work for a handler: see `domain-machine.ts`.
 *
 * libvirt 9.0.0: src/qemu/qemu_process.c:qemuProcessHandle*
 */
import { type DiskDevice, type DomainDevices, findDisk } from '../events/devices.ts';
import type { DomainEventItem, GraphicsAddress } from '../events/domain-events.ts';
import { type DomainFacts, type GraphicsClient, MAX_CLIENTS, ownOf } from '../events/facts.ts';
import { removalKey } from '../events/process-events.ts';
import type { QemuEventData, QemuEventName } from '../events/qemu-events.ts';

/** What an event is looked at with. */
export interface Known {
  readonly devices: DomainDevices;
  /** Also about devices that are not among these. */
  readonly isBelieved: boolean;
  readonly facts: DomainFacts;
  /** An async job is under way, as a manager's migration. */
  readonly hasAsyncJob: boolean;
}

export interface Announcement {
  readonly emits?: readonly DomainEventItem[];
  /** Each member replaces the one before. */
  readonly known?: Partial<DomainFacts>;
  /** Takeover key of what will not come: the guest said no. */
  readonly refused?: string;
}

const KIB = 1024;

type Announcer<D> = (data: D, known: Known) => Announcement | null;
type Announce<N extends QemuEventName> = Announcer<QemuEventData<N>>;

const balloonChange: Announce<'BALLOON_CHANGE'> = ({ actual }, { facts }) => {
  const actualKiB = Math.ceil(actual / KIB);
  const virtioMemKiB = Object.values(facts.memoryKiB).reduce((sum, sizeKiB) => sum + sizeKiB, 0);
  return {
    emits: [{ type: 'balloon-change', args: { actualKiB } }],
    known: { balloonKiB: actualKiB + virtioMemKiB },
  };
};

const trayMoved: Announce<'DEVICE_TRAY_MOVED'> = (data, { devices, isBelieved, facts }) => {
  const disk = findDisk(devices, { drive: data.device, qom: data.id });
  const alias = disk?.alias ?? (isBelieved ? data.device || data.id : '');
  if (alias === '') return null;
  const open = data['tray-open'];
  return {
    emits: [{ type: 'tray-change', args: { alias, reason: open ? 'open' : 'close' } }],
    known: { trays: { ...facts.trays, [alias]: open ? 'open' : 'closed' } },
  };
};

/** The layer's number, where a manager of libvirt's ways named the node. libvirt 9.0.0 `qemu_block.c:qemuBlockStorageSourceAttachPrepareBlockdev` */
function layerOf(node: string): number | null {
  const number = /^libvirt-(\d+)-(?:format|storage)$/.exec(node)?.[1];
  return number === undefined ? null : Number(number);
}

/** Whether a node belongs to the active layer: the first two, or the first alone. */
const isActiveLayer = ({ nodes }: DiskDevice, node: string): boolean => {
  const [format, storage] = nodes;
  if (node === format) return true;
  if (node !== storage) return false;
  const layer = layerOf(node);
  return layer === null || layer === layerOf(format ?? '');
};

const writeThreshold: Announce<'BLOCK_WRITE_THRESHOLD'> = (data, { devices, facts }) => {
  const node = data['node-name'];
  const disk = findDisk(devices, { node });
  if (disk === undefined) return null;
  const crossed = { thresholdBytes: data['write-threshold'], excessBytes: data['amount-exceeded'] };
  const indexed = ownOf(facts.thresholds, node)?.indexed ?? false;
  const active = isActiveLayer(disk, node);
  const path = active ? disk.source : (ownOf(disk.paths, node) ?? null);
  const name = disk.target ?? disk.alias;
  const layer = layerOf(node);
  const announce = (dev: string): DomainEventItem => ({
    type: 'block-threshold',
    args: { dev, path, ...crossed },
  });
  return {
    emits: [
      ...(active && !indexed ? [announce(name)] : []),
      ...(layer === null ? [] : [announce(`${name}[${layer}]`)]),
    ],
    known: { thresholds: { ...facts.thresholds, [node]: { indexed, crossed } } },
  };
};

/** ACPI `_OST` of an ejection: the event, and the status codes by which the guest says no. */
const EJECT_SOURCES = [0x003, 0x103];
const isRefusal = (status: number): boolean => status === 0x01 || (status >= 0x80 && status <= 0x83);

const removalFailed = (alias: string): Announcement => ({
  emits: [{ type: 'device-removal-failed', args: { alias } }],
  refused: removalKey(alias),
});

const ostInfo: Announce<'ACPI_DEVICE_OST'> = ({ info }) => {
  if (info.device === null || info['slot-type'] !== 'DIMM') return null;
  return EJECT_SOURCES.includes(info.source) && isRefusal(info.status) ? removalFailed(info.device) : null;
};

const memoryFailure: Announce<'MEMORY_FAILURE'> = ({ recipient, action, flags }) => ({
  emits: [
    {
      type: 'memory-failure',
      args: {
        recipient,
        action,
        actionRequired: flags['action-required'],
        recursive: flags.recursive,
      },
    },
  ],
});

/** Also of a dump that is not ours: it is told as a fact. */
const dumpCompleted: Announce<'DUMP_COMPLETED'> = ({ result, error }) => {
  const { status, completed, total } = result;
  const unreadable = status === null || completed === null || total === null;
  const why = error ?? (unreadable ? 'DUMP_COMPLETED cannot be read' : null);
  return {
    known: {
      dump: {
        status: why === null && status === 'completed' ? 'completed' : 'failed',
        error: why,
        completedBytes: completed,
        totalBytes: total,
      },
    },
  };
};

type Phase = 'connect' | 'initialize' | 'disconnect';

/** libvirt tells an X.509 name before a SASL name. */
const subjectOf = (x509: string | null, sasl: string | null) => [
  ...(x509 === null ? [] : [{ type: 'x509dname' as const, name: x509 }]),
  ...(sasl === null ? [] : [{ type: 'saslUsername' as const, name: sasl }]),
];

const isClient = (client: GraphicsClient, protocol: GraphicsClient['protocol'], remote: GraphicsAddress) =>
  client.protocol === protocol &&
  client.remote.node === remote.node &&
  client.remote.service === remote.service;

function graphics(
  facts: DomainFacts,
  protocol: GraphicsClient['protocol'],
  args: Extract<DomainEventItem, { type: 'graphics' }>['args'],
): Announcement {
  const { phase, remote } = args;
  // Clients of a unix socket are all called the same: one is as good as another.
  const at = facts.clients.findIndex(
    (client) => isClient(client, protocol, remote) && (phase === 'disconnect' || client.phase === 'connect'),
  );
  const others = phase === 'connect' || at === -1 ? facts.clients : facts.clients.toSpliced(at, 1);
  const clients =
    phase === 'disconnect' || others.length >= MAX_CLIENTS
      ? others
      : [...others, { protocol, remote, phase }];
  return { emits: [{ type: 'graphics', args }], known: { clients } };
}

const vnc =
  (phase: Phase): Announcer<QemuEventData<'VNC_CONNECTED'>> =>
  ({ server, client }, { facts }) =>
    graphics(facts, 'vnc', {
      phase,
      local: { family: server.family, node: server.host, service: server.service },
      remote: { family: client.family, node: client.host, service: client.service },
      authScheme: server.auth,
      subject: subjectOf(client.x509_dname, client.sasl_username),
    });

const spice =
  (phase: Phase): Announcer<QemuEventData<'SPICE_CONNECTED'>> =>
  ({ server, client }, { facts }) =>
    graphics(facts, 'spice', {
      phase,
      local: { family: server.family, node: server.host, service: server.port },
      remote: { family: client.family, node: client.host, service: client.port },
      authScheme: phase === 'initialize' ? server.auth : '',
      subject: [],
    });

const announcements = {
  ACPI_DEVICE_OST: ostInfo,
  BALLOON_CHANGE: balloonChange,
  BLOCK_WRITE_THRESHOLD: writeThreshold,
  DEVICE_TRAY_MOVED: trayMoved,
  DEVICE_UNPLUG_GUEST_ERROR: ({ device }) => (device === null ? null : removalFailed(device)),
  DUMP_COMPLETED: dumpCompleted,
  MEMORY_FAILURE: memoryFailure,
  MIGRATION: ({ status }, { facts }) => ({
    known: { migration: { status, pass: facts.migration?.pass ?? null } },
  }),
  MIGRATION_PASS: ({ pass }, { facts, hasAsyncJob }) => ({
    emits: hasAsyncJob ? [{ type: 'migration-iteration', args: { iteration: pass } }] : [],
    known: { migration: { status: facts.migration?.status ?? null, pass } },
  }),
  RTC_CHANGE: ({ offset }) => ({
    emits: [{ type: 'rtc-change', args: { utcOffsetSeconds: offset } }],
    known: { rtcOffsetSeconds: offset },
  }),
  SPICE_CONNECTED: spice('connect'),
  SPICE_DISCONNECTED: spice('disconnect'),
  SPICE_INITIALIZED: spice('initialize'),
  // A manager's migration waits for it; we migrate nothing.
  SPICE_MIGRATE_COMPLETED: () => null,
  VNC_CONNECTED: vnc('connect'),
  VNC_DISCONNECTED: vnc('disconnect'),
  VNC_INITIALIZED: vnc('initialize'),
} satisfies { readonly [N in QemuEventName]?: Announce<N> };

export type AnnouncedName = keyof typeof announcements;

export const announcedNames = Object.keys(announcements) as readonly AnnouncedName[];

/** By the machine event's type. */
const byType = new Map(
  Object.entries(announcements).map(([name, announce]) => [
    `qemu.${name}`,
    announce as Announce<QemuEventName>,
  ]),
);

/** What a QEMU event announces; null if nothing. */
export const announcementOf = (
  event: { readonly type: string; readonly data: unknown },
  known: Known,
): Announcement | null => byType.get(event.type)?.(event.data as QemuEventData<QemuEventName>, known) ?? null;
