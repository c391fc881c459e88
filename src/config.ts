/** What callers and configuration files may say, checked before anything is done with it. */
import { z } from 'zod';
import { type DomainDevice, memoryModels, watchdogDeviceActions } from './events/devices.ts';
import { crashActions, decidedActions, lifecycleActions } from './events/policies.ts';

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const alias = z.string().min(1);
const interfaceName = z.string().min(1).max(15);

const net = z.strictObject({
  type: z.literal('net'),
  alias,
  mac: z.string().regex(MAC, 'expected six pairs of hex digits with colons').nullable().default(null),
  model: z.string().optional(),
  backend: z.string().nullable().default(null),
  /** The host's interface follows the guest's receive filter. */
  trustGuestRxFilters: z.boolean().default(false),
  host: z
    .strictObject({ interface: interfaceName, kind: z.enum(['macvtap', 'tap', 'bridge']) })
    .nullable()
    .default(null),
});

const channel = z.looseObject({ type: z.literal('channel'), alias, name: z.string() });

const disk = z
  .looseObject({
    type: z.literal('disk'),
    alias,
    target: z.string().nullable().default(null),
    source: z.string().nullable().default(null),
    nodes: z.array(z.string()).default([]),
    paths: z.record(z.string(), z.string()).default({}),
    qomName: z.string().nullable().default(null),
    bus: z.string().nullable().default(null),
    /** `managed`: it uses the domain's helper for persistent reservations. */
    reservations: z.literal('managed').nullable().default(null),
  })
  // A network disk has no path here.
  .transform((value) => ({ ...value, source: value.source === '' ? null : value.source }));

const memory = z.looseObject({
  type: z.literal('memory'),
  alias,
  model: z.enum(memoryModels),
  sizeKiB: z.number().int().min(0).nullable().default(null),
});

const watchdog = z.looseObject({
  type: z.literal('watchdog'),
  alias,
  action: z.enum(watchdogDeviceActions).nullable().default(null),
});

const rdma = z.looseObject({
  type: z.literal('rdma'),
  alias: alias.optional(),
  host: z.strictObject({ interface: interfaceName }),
});

/** Kinds that nothing here looks into may say more than is read. */
const other = z.looseObject({ type: z.string().min(1), alias: alias.optional() });

const kinds = new Map<string, z.ZodType<{ alias?: string | undefined }>>([
  ['net', net],
  ['channel', channel],
  ['disk', disk],
  ['memory', memory],
  ['watchdog', watchdog],
  ['rdma', rdma],
]);

/** One device, with what is left out filled in. */
export const deviceSchema = z
  .looseObject({ type: z.string().min(1) })
  .transform((value, context): DomainDevice => {
    const result = (kinds.get(value.type) ?? other).safeParse(value);
    if (result.success) return { ...result.data, alias: result.data.alias ?? null } as DomainDevice;
    for (const issue of result.error.issues) context.addIssue({ ...issue, code: 'custom' });
    return z.NEVER;
  });

const devices = z.array(deviceSchema).superRefine((list, context) => {
  const seen = new Set<string>();
  list.forEach(({ alias }, index) => {
    if (alias === null) return;
    if (seen.has(alias))
      context.addIssue({ code: 'custom', path: [index, 'alias'], message: `${alias} is there twice` });
    seen.add(alias);
  });
});

const uuid = z.string().regex(UUID, 'expected a uuid');

/**
 * A domain as its embedder describes it: a configuration of `watch --config`, or the first line of a recording.
 * The policies only describe; whoever only observes applies none.
 */
export const domainConfigSchema = z.strictObject({
  monitor: z.string().min(1).optional(),
  name: z.string().min(1).optional(),
  uuid: uuid.nullable().optional(),
  onPoweroff: z.enum(lifecycleActions).optional(),
  onReboot: z.enum(lifecycleActions).optional(),
  onCrash: z.enum(crashActions).optional(),
  devices: devices.optional(),
  // A recording's own.
  kind: z.literal('domain').optional(),
  mode: z.enum(['manager', 'observer']).optional(),
  description: z.string().optional(),
});
export type DomainConfig = z.infer<typeof domainConfigSchema>;

const milliseconds = z.number().positive();

export const attachSchema = z.strictObject({
  monitor: z.union([
    z.string().min(1),
    z.strictObject({ path: z.string() }),
    z.strictObject({ host: z.string(), port: z.number() }),
  ]),
  name: z.string().min(1).optional(),
  uuid: uuid.optional(),
  devices: devices.optional(),
  pid: z.number().int().positive().optional(),
  pidFile: z.string().min(1).optional(),
  control: z.boolean().optional(),
  onPoweroff: z.enum(decidedActions).optional(),
  onReboot: z.enum(decidedActions).optional(),
  onCrash: z.enum(crashActions).optional(),
  wait: z.boolean().optional(),
  times: z
    .strictObject({
      greetingMs: milliseconds.optional(),
      pingIntervalMs: milliseconds.optional(),
      pingTimeoutMs: milliseconds.optional(),
    })
    .optional(),
});

/** One line for each thing that is wrong: where, what was expected. */
export const describeIssues = (error: z.ZodError): string[] =>
  error.issues.map(({ path, message }) => {
    const where = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
    return where === '' ? message : `${where.replace(/^\./, '')}: ${message}`;
  });

/** @throws TypeError that says what was expected, and where */
export function parseOptions<S extends z.ZodType>(schema: S, what: string, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new TypeError(`${what}: ${describeIssues(result.error).join('; ')}`);
}
