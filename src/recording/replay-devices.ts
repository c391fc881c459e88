/**
 * What a manager knows of devices and block nodes because it plugged, changed or set them itself: read from its own
 * commands, and told when its call has succeeded.
 */
import { deviceSchema } from '../config.ts';
import { type DiskDevice, isDisk } from '../events/devices.ts';
import type { JsonObject } from '../qmp/message.ts';
import { type Call, commandOf, onlyKnown, type RecordingLine } from './format.ts';
import { ReplayBlocks } from './replay-blocks.ts';
import type { ReplayDomain } from './replay-domain.ts';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const argumentsOf = ({ message: { arguments: args } }: RecordingLine<'send'>): JsonObject =>
  isObject(args) ? args : {};

export class ReplayDevices {
  readonly #domain: ReplayDomain;
  readonly #blocks: ReplayBlocks;
  /** Id of the device that was plugged last. */
  #plugged: string | null = null;
  /** Its block node, if it has one. */
  #drive: string | null = null;
  /** `virsh domblkthreshold DOMAIN vda[3] …` names a layer. */
  #isIndexed = false;

  constructor(domain: ReplayDomain) {
    this.#domain = domain;
    this.#blocks = new ReplayBlocks({
      devices: () => domain.actor.getSnapshot().context.devices,
      send: (event) => domain.actor.send(event),
    });
  }

  /** The manager sends a command of its own. */
  sent(line: RecordingLine<'send'>): void {
    const args = argumentsOf(line);
    this.#blocks.sent(commandOf(line), args);
    switch (commandOf(line)) {
      case 'device_add':
        this.#plugged = typeof args.id === 'string' ? args.id : null;
        this.#drive = typeof args.drive === 'string' ? args.drive : null;
        return;
      case 'block-set-write-threshold':
        if (typeof args['node-name'] === 'string')
          this.#domain.actor.send({
            type: 'manager.thresholdSet',
            node: args['node-name'],
            indexed: this.#isIndexed,
          });
    }
  }

  /** A call begins. */
  begun(call: Call): void {
    this.#plugged = null;
    this.#isIndexed = /\[\d+\]$/.test(String(call.arguments?.[0] ?? ''));
  }

  /** QEMU answered a command of the manager. */
  answered(send: RecordingLine<'send'>, message: JsonObject): void {
    this.#blocks.answered(commandOf(send), argumentsOf(send), !('error' in message));
  }

  /** The call succeeded. */
  done({ operation, config }: Call): void {
    if (!operation.startsWith('attach-') || this.#plugged === null) return;
    const parsed = deviceSchema.safeParse(onlyKnown({ type: 'other', ...config, alias: this.#plugged }));
    this.#plugged = null;
    if (!parsed.success) return;
    const device = isDisk(parsed.data) ? this.#withContents(parsed.data) : parsed.data;
    this.#domain.actor.send({ type: 'manager.deviceChanged', device, added: true });
  }

  /** A configuration does not name the nodes that the manager made for it. */
  #withContents(disk: DiskDevice): DiskDevice {
    if (disk.nodes.length > 0 || this.#drive === null) return disk;
    const { nodes, paths, source } = this.#blocks.contentsAt(this.#drive);
    return { ...disk, nodes, paths, source: source ?? disk.source };
  }
}
