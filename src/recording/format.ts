/**
 * The recording format: one JSON object a line. Described in `docs/recordings.md`.
 *
 * Rules of this file: members that it does not name are let through and dropped, so that a recording may say
 * more than is read; a kind that it does not name is refused.
 */
import { z } from 'zod';
import { describeIssues, domainConfigSchema } from '../config.ts';
import type { JsonObject } from '../qmp/message.ts';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const object = z.custom<JsonObject>(isObject, 'expected an object');
const text = z.string().min(1);

/** A NIC of a recording may say more than our configuration knows. */
const NET_MEMBERS = ['type', 'alias', 'mac', 'model', 'backend', 'trustGuestRxFilters', 'host'];
export const onlyKnown = (device: unknown): unknown =>
  isObject(device) && device.type === 'net'
    ? Object.fromEntries(Object.entries(device).filter(([name]) => NET_MEMBERS.includes(name)))
    : device;

/** The first line: what an embedder would configure. */
const domainLine = z.object({
  ...domainConfigSchema.shape,
  kind: z.literal('domain'),
  mode: z.enum(['manager', 'observer']),
  devices: z.preprocess(
    (devices) => (Array.isArray(devices) ? devices.map(onlyKnown) : devices),
    domainConfigSchema.shape.devices,
  ),
});

/** Milliseconds since the start. */
const at = { t: z.number().min(0) };
const stepNumber = z.number().int().min(1);

/** What the manager's API was asked, in virsh's words. */
const call = z.object({
  operation: text,
  options: object.optional(),
  arguments: z.array(z.unknown()).optional(),
  /** What was put in, as an embedder would configure it. */
  config: object.optional(),
  ok: z.boolean().optional(),
});

/** Who acts. `qemu`: another client of its monitors, or a raw command; `several`: at once. */
const actors = ['manager', 'qemu', 'guest', 'os', 'harness', 'several'] as const;

const withMessage = (says: string, isRight: (message: JsonObject) => boolean) =>
  z.object({
    ...at,
    message: object.refine((message) => isObject(message) && isRight(message), `expected ${says}`),
  });

const hostInterface = z.object({
  name: z.string(),
  ifindex: z.number(),
  kind: z.string().nullable(),
  filter: z.object({
    mac: z.string(),
    promiscuous: z.boolean(),
    multicast: z.enum(['none', 'normal', 'all']),
    multicastTable: z.array(z.string()),
  }),
});

const lineSchemas = {
  step: z.object({
    ...at,
    kind: z.literal('step'),
    step: stepNumber,
    by: z.enum(actors),
    call: call.optional(),
    calls: z.array(z.union([call, z.object({ call }).transform((entry) => entry.call)])).optional(),
    parallel: z
      .array(z.object({ by: z.enum(actors), call: call.optional(), ok: z.boolean().optional() }))
      .optional(),
  }),
  stepDone: z.object({
    ...at,
    kind: z.literal('stepDone'),
    step: stepNumber,
    ok: z.boolean(),
    error: z.string().optional(),
  }),
  send: withMessage(
    'a command, with execute',
    ({ execute, 'exec-oob': oob }) => typeof (execute ?? oob) === 'string',
  ).extend({ kind: z.literal('send') }),
  reply: withMessage(
    'a reply, with return or error',
    (message) => Object.hasOwn(message, 'return') || isObject(message.error),
  ).extend({ kind: z.literal('reply') }),
  event: withMessage('a QMP event', ({ event }) => typeof event === 'string').extend({
    kind: z.literal('event'),
    /** Ours was closed already: another monitor saw it. */
    onlyOtherMonitor: z.boolean().optional(),
  }),
  /** What a handler read of the host. Ours: a manager's recording has none. */
  host: z.object({
    ...at,
    kind: z.literal('host'),
    interface: z.string(),
    found: hostInterface.nullable().optional(),
    error: z.string().optional(),
  }),
  eof: z.object({
    ...at,
    kind: z.literal('eof'),
    /** `other`: ours had been closed before. */
    monitor: z.string().optional(),
    /** Whether the process is gone; null: not known. */
    gone: z.boolean().nullable().default(null),
    /** It was found gone only when another QEMU answered on the monitor. Ours. */
    foundLater: z.boolean().optional(),
    /** The connection was closed because of what QEMU sent. Ours. */
    protocolError: z.boolean().optional(),
  }),
};

export type DomainLine = z.output<typeof domainLine>;
export type Call = z.output<typeof call>;

type LineKind = keyof typeof lineSchemas;
/** A line after the first, with its number in the file. */
export type RecordingLine<K extends LineKind = LineKind> = {
  [I in K]: z.output<(typeof lineSchemas)[I]> & { readonly line: number };
}[K];

/** The schemas report what is wrong in one line of text; this is it. */
const reasonOf = (error: z.ZodError): string => describeIssues(error).join('; ');

const kindOf = (value: JsonObject): string =>
  typeof value.kind === 'string' ? JSON.stringify(value.kind.slice(0, 60)) : 'none';

/** @returns the line, or what is wrong with it */
export function parseDomainLine(value: unknown): DomainLine | string {
  if (!isObject(value)) return 'expected an object';
  if (value.kind !== 'domain') return `expected the domain line first, the kind is ${kindOf(value)}`;
  const result = domainLine.safeParse(value);
  return result.success ? result.data : reasonOf(result.error);
}

/** @returns the line, or what is wrong with it */
export function parseLine(value: unknown, line: number): RecordingLine | string {
  if (!isObject(value)) return 'expected an object';
  if (value.kind === 'domain') return 'a second domain line';
  if (typeof value.kind !== 'string' || !Object.hasOwn(lineSchemas, value.kind))
    return `expected a kind of ${Object.keys(lineSchemas).join(', ')}; the kind is ${kindOf(value)}`;
  const result = lineSchemas[value.kind as LineKind].safeParse(value);
  return result.success ? ({ ...result.data, line } as RecordingLine) : reasonOf(result.error);
}

/** The command of a `send` line. */
export const commandOf = ({ message }: RecordingLine<'send'>): string =>
  String(message.execute ?? message['exec-oob']);

/** The monitor that was closed is the one that the recording follows. */
export const isOwnEof = (line: RecordingLine): line is RecordingLine<'eof'> =>
  line.kind === 'eof' && line.monitor !== 'other';
