/**
 * What a manager knows of block nodes and block jobs because it made them itself: read from its own commands. Media
 * and snapshots change a disk when QEMU has answered; a job says beforehand what its disk is after it.
 *
 * libvirt 9.0.0 `qemu_blockjob.c:qemuBlockJobDiskNew*`, `qemu_snapshot.c:qemuSnapshotDiskUpdateSource`.
 */
import { type DiskDevice, type DomainDevices, findDisk } from '../events/devices.ts';
import type { DiskContents, JobIntent, OwnJob } from '../events/qemu-jobs.ts';
import type { ManagerEvent } from '../machines/domain-context.ts';
import type { JsonObject } from '../qmp/message.ts';
import { contentsOf, type Layer, layersFrom, layersOf } from './layers.ts';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Drivers of files on the manager's host. QAPI `BlockdevDriver` */
const LOCAL_DRIVERS = new Set<unknown>(['file', 'host_device', 'host_cdrom']);

/** A node that the manager added. */
interface AddedNode {
  /** Its own file, or that of a child without a name. */
  readonly path: string | null;
  readonly file: string | null;
  readonly backing: string | null;
}

/** More nodes than this are not known: a recording may be anybody's. */
const MAX_NODES = 10_000;
const MAX_LAYERS = 200;

interface Domain {
  devices(): DomainDevices;
  send(event: ManagerEvent): void;
}

export class ReplayBlocks {
  readonly #domain: Domain;
  readonly #nodes = new Map<string, AddedNode>();

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  /** A command of the manager is on its way: what it makes QEMU tell comes before its reply. */
  sent(command: string, args: JsonObject): void {
    const intent = intentOf(command);
    if (intent !== null) this.#ask(args, intent);
    for (const [id, job] of this.#jobsOf(command, args))
      this.#domain.send({ type: 'manager.jobRegistered', id, job });
  }

  /** QEMU answered it. */
  answered(command: string, args: JsonObject, ok: boolean): void {
    if (ok) return this.#succeeded(command, args);
    if (intentOf(command) !== null) this.#ask(args, null);
    for (const [id] of this.#jobsOf(command, args))
      this.#domain.send({ type: 'manager.jobRegistered', id, job: null });
  }

  /** What a device has that is plugged with a node. */
  contentsAt(node: string): DiskContents {
    return contentsOf(this.#layersAt(node));
  }

  #ask(args: JsonObject, intent: JobIntent | null): void {
    const id = text(args.id) ?? text(args.device);
    if (id !== null) this.#domain.send({ type: 'manager.jobAsked', id, intent });
  }

  /** The jobs that a command starts, by id. */
  #jobsOf(command: string, args: JsonObject): (readonly [string, OwnJob])[] {
    if (command === 'transaction')
      return actionsOf(args).flatMap(({ type, data }) => this.#jobsOf(type, data));
    const disk = this.#diskOf(text(args.device));
    const job = this.#jobOf(command, args, disk);
    const id = text(args['job-id']) ?? text(args.device);
    if (job === null || id === null) return [];
    return [[id, { ...job, disk: disk?.alias ?? null }]];
  }

  #jobOf(command: string, args: JsonObject, disk: DiskDevice | undefined): Omit<OwnJob, 'disk'> | null {
    const layers = disk === undefined ? [] : layersOf(disk);
    const at = (node: unknown): number => layers.findIndex(({ nodes }) => nodes.includes(String(node)));
    switch (command) {
      case 'blockdev-create':
        return { type: null, becomes: null };
      case 'blockdev-backup':
        return { type: 'backup', becomes: null };
      case 'blockdev-mirror':
        return { type: 'copy', becomes: contentsOf(this.#layersAt(String(args.target))) };
      case 'block-commit': {
        const top = args['top-node'] === undefined ? 0 : at(args['top-node']);
        const base = args['base-node'] === undefined ? layers.length - 1 : at(args['base-node']);
        return {
          type: top === 0 ? 'active-commit' : 'commit',
          becomes: top < 0 || base <= top ? null : without(layers, top, base),
        };
      }
      case 'block-stream': {
        const top = at(args.device);
        const base = args['base-node'] === undefined ? layers.length : at(args['base-node']);
        return { type: 'pull', becomes: top < 0 || base <= top ? null : without(layers, top + 1, base) };
      }
      default:
        return null;
    }
  }

  #succeeded(command: string, args: JsonObject): void {
    const disk = this.#diskOf(text(args.id) ?? text(args.device));
    switch (command) {
      case 'blockdev-add':
        this.#add(args);
        return;
      case 'blockdev-del':
        this.#nodes.delete(String(args['node-name']));
        return;
      case 'blockdev-insert-medium':
        return this.#change(disk, contentsOf(this.#layersAt(String(args['node-name']))));
      case 'blockdev-remove-medium':
        return this.#change(disk, contentsOf([]));
      case 'blockdev-change-medium':
        return this.#change(disk, { ...contentsOf([]), source: text(args.filename) });
      case 'blockdev-snapshot':
        return this.#snapshot(args);
      case 'transaction':
        for (const { type, data } of actionsOf(args)) if (type === 'blockdev-snapshot') this.#snapshot(data);
    }
  }

  /** The overlay is the active layer, on top of all that was. */
  #snapshot({ node, overlay }: JsonObject): void {
    const disk = this.#diskOf(text(node));
    if (disk === undefined) return;
    const [active] = this.#layersAt(String(overlay));
    if (active !== undefined) this.#change(disk, contentsOf([active, ...layersOf(disk)]));
  }

  #change(disk: DiskDevice | undefined, contents: DiskContents): void {
    if (disk !== undefined)
      this.#domain.send({ type: 'manager.deviceChanged', device: { ...disk, ...contents }, added: false });
  }

  /** By a node, else by the drive or the device. */
  #diskOf(name: string | null): DiskDevice | undefined {
    if (name === null) return undefined;
    const devices = this.#domain.devices();
    return findDisk(devices, { node: name }) ?? findDisk(devices, { drive: name, qom: name });
  }

  #add(args: JsonObject): void {
    const name = text(args['node-name']);
    const { file, backing } = args;
    if (isObject(file)) this.#add(file);
    if (isObject(backing)) this.#add(backing);
    if (name === null || this.#nodes.size >= MAX_NODES) return;
    const path = isObject(file) && text(file['node-name']) === null ? pathOf(file) : pathOf(args);
    this.#nodes.set(name, { path, file: nameOf(file), backing: nameOf(backing) });
  }

  /** The layers that begin at a node: one that was added, or of a disk. */
  #layersAt(node: string): readonly Layer[] {
    const layers: Layer[] = [];
    let next: string | null = node;
    while (next !== null && layers.length < MAX_LAYERS) {
      const name: string = next;
      const added = this.#nodes.get(name);
      if (added === undefined) {
        const disk = findDisk(this.#domain.devices(), { node: name });
        return [...layers, ...(disk === undefined ? [] : layersFrom(layersOf(disk), name))];
      }
      const storage: AddedNode | undefined = added.file === null ? undefined : this.#nodes.get(added.file);
      layers.push({
        nodes: added.file === null ? [name] : [name, added.file],
        path: added.path ?? storage?.path ?? null,
      });
      next = added.backing;
    }
    return layers;
  }
}

/** What a manager asks of a job. */
function intentOf(command: string): JobIntent | null {
  switch (command) {
    case 'job-complete':
    case 'block-job-complete':
      return 'pivot';
    case 'job-cancel':
    case 'block-job-cancel':
      return 'abort';
    default:
      return null;
  }
}

/** Layers from one to before another are merged into others. */
const without = (layers: readonly Layer[], from: number, to: number): DiskContents =>
  contentsOf(layers.filter((_, n) => n < from || n >= to));

const actionsOf = ({ actions }: JsonObject): { readonly type: string; readonly data: JsonObject }[] =>
  (Array.isArray(actions) ? actions : []).flatMap((action: unknown) =>
    isObject(action) && typeof action.type === 'string' && isObject(action.data)
      ? [{ type: action.type, data: action.data }]
      : [],
  );

const pathOf = ({ driver, filename }: JsonObject): string | null =>
  LOCAL_DRIVERS.has(driver) ? text(filename) : null;

const nameOf = (child: unknown): string | null => (isObject(child) ? text(child['node-name']) : text(child));
