/** A domain with the real machines and handlers of QEMU jobs, and a QEMU that answers from a table. */
import { createActor, fromPromise } from 'xstate';
import { createAsk } from '../../../../src/actors/discovery/ask.ts';
import { jobCreated } from '../../../../src/actors/handlers/job-created.ts';
import { jobStatusChange } from '../../../../src/actors/handlers/job-status-change.ts';
import type { Lease } from '../../../../src/actors/lease.ts';
import { recoverJobs } from '../../../../src/actors/recover-jobs.ts';
import { CommandError } from '../../../../src/errors.ts';
import type { DiskDevice } from '../../../../src/events/devices.ts';
import type { BlockJobType } from '../../../../src/events/domain-events.ts';
import type { Outcome } from '../../../../src/events/outcome.ts';
import { noPolicies } from '../../../../src/events/policies.ts';
import { type QemuEventName, qemuEvents } from '../../../../src/events/qemu-events.ts';
import type { DomainMachineEvent } from '../../../../src/machines/domain-context.ts';
import { domainMachine, type HandlerInput, processEventMachine } from '../../../../src/machines/index.ts';

/** What QEMU answers; a command that is not here is refused, and one that is a promise waits. */
export type Replies = Record<string, unknown>;

export const disk = (more: Partial<DiskDevice> = {}): DiskDevice => ({
  type: 'disk',
  ...{ alias: 'virtio-disk0', target: 'vda', bus: 'virtio', qomName: null, reservations: null },
  ...{ source: '/images/top', nodes: ['top', 'top-file', 'base', 'base-file'] },
  ...{ paths: { base: '/images/base', 'base-file': '/images/base' } },
  ...more,
});

const QDEV = '/machine/peripheral/virtio-disk0/virtio-backend';

/** What QEMU shows of that disk: the layers, top first, each a format `NAME` on a file `NAME-file`. */
export function shown(layers: readonly string[], { job, drive = '' }: { job?: string; drive?: string } = {}) {
  const [top = ''] = layers;
  const nodes = layers.flatMap((name, n) => {
    const below = layers[n + 1];
    return [
      {
        ...{ 'node-name': name, drv: 'qcow2', file: `/images/${name}` },
        children: [
          { child: 'file', 'node-name': `${name}-file` },
          ...(below === undefined ? [] : [{ child: 'backing', 'node-name': below }]),
        ],
      },
      { 'node-name': `${name}-file`, drv: 'file', file: `/images/${name}`, children: [] },
    ];
  });
  return {
    'query-block': [{ device: drive, qdev: QDEV, inserted: { 'node-name': top } }],
    'query-named-block-nodes': [
      ...nodes,
      { 'node-name': '#filter', drv: 'mirror_top', children: [{ child: 'backing', 'node-name': top }] },
    ],
    'x-debug-query-block-graph': {
      nodes: [
        { id: 1, type: 'block-backend', name: drive === '' ? QDEV : drive },
        { id: 2, type: 'block-driver', name: job === undefined ? top : '#filter' },
        ...(job === undefined ? [] : [{ id: 3, type: 'block-job', name: job }]),
      ],
      edges: [
        { parent: 1, child: 2, name: 'root' },
        ...(job === undefined ? [] : [{ parent: 3, child: 2, name: 'main node' }]),
      ],
    },
  } satisfies Replies;
}

export function bench(options: { manager?: boolean; devices?: DiskDevice[]; replies?: Replies } = {}) {
  const { manager = false, devices = [disk()], replies = {} } = options;
  const asked: string[] = [];
  const told: string[] = [];
  const execute = async (command: string, args: object = {}): Promise<unknown> => {
    asked.push([command, ...Object.values(args)].join(' '));
    if (!Object.hasOwn(replies, command)) throw new CommandError(command, 'CommandNotFound', 'no', {});
    const reply = replies[command];
    return typeof reply === 'function' ? reply() : reply;
  };
  const lease = {
    facts: () => actor.getSnapshot().context,
    execute,
    ask: createAsk(execute, new AbortController().signal),
  } as unknown as Lease;
  const handlers: Record<string, (data: never) => Outcome | Promise<Outcome>> = {
    attached: async () => {
      const facts = await recoverJobs(lease);
      // Other things are asked for after them.
      await lease.ask('query-chardev');
      return { status: 'done', facts };
    },
    jobCreated: (data) => jobCreated(data, lease),
    jobStatusChange: (data) => jobStatusChange(data, lease),
  };
  const handler = fromPromise<Outcome, HandlerInput>(
    async ({ input: { type, data } }) => handlers[type]?.(data as never) ?? { status: 'done' },
  );
  const actor = createActor(
    domainMachine.provide({ actors: { processEvent: processEventMachine.provide({ actors: { handler } }) } }),
    {
      input: {
        ...{ key: 'k', devices, policies: noPolicies, monitored: false },
        ...(manager ? { followedJobs: 'registered' as const } : {}),
      },
    },
  );
  actor.on('*', (item) => {
    if (item.type === 'block-job' || item.type === 'block-job-2')
      told.push(
        `${item.type} ${Object.values(item.args).join(' ')}${'reconstructed' in item ? ' (reconstructed)' : ''}`,
      );
    else if (item.type === 'drop') told.push(`drop ${item.args.event}: ${item.args.reason}`);
  });
  actor.start();
  const send = (event: DomainMachineEvent): void => actor.send(event);
  const contact = (): void =>
    send({
      type: 'monitor.ready',
      contact: { incarnation: 'run-1', id: 1, runState: 'running', name: null, uuid: null },
    });
  const turn = async (): Promise<void> => {
    for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  contact();
  const qemu = (name: QemuEventName, data: object): void =>
    send({
      ...{ type: `qemu.${name}`, timestamp: null, incarnation: 'run-1' },
      data: qemuEvents[name].parse(data as Record<string, unknown>),
    } as DomainMachineEvent);
  /** `created running ready`, of one job, in one breath. */
  const statuses = (words: string, id = 'job'): void => {
    for (const status of words.split(' ')) qemu('JOB_STATUS_CHANGE', { id, status });
  };
  return {
    actor,
    asked,
    told,
    replies,
    send,
    qemu,
    statuses,
    turn,
    /** The monitor is lost, something happens, and it is back. */
    async gap(meanwhile: () => void): Promise<void> {
      send({ type: 'monitor.lost', protocolError: false });
      meanwhile();
      contact();
      await turn();
    },
    jobs: () => actor.getSnapshot().context.facts.jobs,
    disk: () => actor.getSnapshot().context.devices?.[0] as DiskDevice,
    children: () => Object.keys(actor.getSnapshot().children).filter((id) => id.startsWith('qemuJob#')),
  };
}

export const both = (path: string, type: BlockJobType, status: string, mark = ''): string[] => [
  `block-job ${path} ${type} ${status}${mark}`,
  `block-job-2 vda ${type} ${status}${mark}`,
];

export const running = (type: string, id = 'job') => ({
  'query-block-jobs': [{ device: id, type, status: 'running' }],
  'query-jobs': [{ id, type, status: 'running' }],
});

/** An observer that follows a job whose disk it found. */
export async function followed(type: string, layers = ['top', 'base']) {
  const it = bench();
  await it.turn();
  Object.assign(it.replies, shown(layers, { job: 'job' }), running(type));
  it.statuses('created running');
  await it.turn();
  return it;
}

export const ended = (it: Awaited<ReturnType<typeof followed>>, type: string, more: object = {}): void => {
  it.qemu('BLOCK_JOB_COMPLETED', { device: 'job', type, len: 1, offset: 1, speed: 0, ...more });
  it.statuses('concluded null');
};
