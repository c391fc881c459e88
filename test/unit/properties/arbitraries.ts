/**
 * QEMU events as a QEMU may send them, right and wrong, made from the rows of Table 1: a new row is covered by itself,
 * a new kind of field is asked for here.
 */
import fc from 'fast-check';
import { Dropped, type Field, MAX_STRING_LENGTH, type Shape } from '../../../src/events/payload.ts';
import { ignoredQemuEvents, type QemuEventName, qemuEvents } from '../../../src/events/qemu-events.ts';

/** An event as on the wire. */
export interface WireEvent {
  readonly event: string;
  readonly data?: Record<string, unknown>;
}

export const rows = Object.entries(qemuEvents) as readonly (readonly [
  QemuEventName,
  { readonly shape: Shape; readonly parse: (data: Record<string, unknown> | undefined) => unknown },
])[];

export const rowOf = (name: string) => rows.find(([row]) => row === name)?.[1];

const huge = 'x'.repeat(MAX_STRING_LENGTH + 1);

/** Names that a domain of the tests knows, and some that it does not. */
const names = [
  'net0',
  'drive-disk0',
  'disk0',
  'disk1',
  'ua-mem',
  'channel0',
  'serial0',
  'vcpu1',
  'libvirt-1-format',
  'libvirt-2-storage',
  'job0',
  'job1',
  'hostnet0',
  'pr-helper0',
  '',
  '__proto__',
  'constructor',
  'nobody',
];

const anyName = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...names) },
  { weight: 2, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constant('y'.repeat(MAX_STRING_LENGTH)) },
);

const bytes = fc.oneof(
  fc.constantFrom(0, 1, 1023, 1024, 2 ** 30, 2 ** 53, 0x80, 0x103, 3),
  fc.nat({ max: 2 ** 31 - 1 }),
);

/** Any JSON, as it is after it was on the wire. */
export const anyJson = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e300, '', huge, [], {}, [[]], { type: 'hyper-v' }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** By the words of `Field.kind`. */
const byKind: Readonly<Record<string, () => fc.Arbitrary<unknown>>> = {
  string: () => anyName,
  boolean: () => fc.boolean(),
  integer: () => fc.oneof(fc.integer(), fc.constantFrom(0, -1, -3600, 2 ** 53)),
  'unsigned integer': () => bytes,
  '64-bit integer': () =>
    fc.oneof(
      fc.constantFrom<unknown>(0, 1, Number.MAX_SAFE_INTEGER, '18446744073709551615', '33022'),
      fc.nat(),
    ),
};

/** Values that a field takes. @throws Error for a kind that is not known here */
export function valuesOf(field: Field<unknown>): fc.Arbitrary<unknown> {
  if (field.words !== undefined) return fc.constantFrom(...field.words);
  if (field.members !== undefined) return objectOf(field.members);
  const types = /^object of type (.+)$/.exec(field.kind)?.[1];
  if (types !== undefined)
    return fc.constantFrom(...types.split(' or ').map((type) => taggedValue(field, type)));
  const make = byKind[field.kind];
  if (make === undefined) throw new Error(`no values for a field of kind ${field.kind}: name them here`);
  return make();
}

/** An object of one of several kinds does not tell its members: they are found by what it asks for. */
function taggedValue(field: Field<unknown>, type: string): Record<string, unknown> {
  const value: Record<string, unknown> = { type };
  const candidates: readonly unknown[] = [7, 'word', true, '9', {}];
  for (let tries = 0; tries < 200; tries += 1) {
    const read = field.read(value);
    if (!(read instanceof Dropped)) {
      if (read === undefined) throw new Error(`no value of type ${type} for ${field.kind}`);
      return value;
    }
    const at = candidates.indexOf(value[read.field]);
    value[read.field] = candidates[at + 1];
  }
  throw new Error(`no value of type ${type} for ${field.kind}`);
}

/** Data that a row takes; members that may be missing sometimes are, and others that nobody asked for are there. */
export function objectOf(shape: Shape): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(shape);
  const model = Object.fromEntries(fields.map(([name, field]) => [name, valuesOf(field)]));
  const requiredKeys = fields.filter(([, field]) => !('missing' in field)).map(([name]) => name);
  return fc
    .tuple(
      fc.record(model, { requiredKeys }),
      fc.constantFrom({}, {}, {}, { more: [1, { deep: null }] }, { 'qom-path': '/machine/x' }),
    )
    .map(([data, more]) => ({ ...more, ...data }));
}

type Break = (data: Record<string, unknown>, names: readonly string[]) => fc.Arbitrary<unknown>;

/** Ways in which data is wrong. */
const breaks: readonly Break[] = [
  (data, members) => fc.constantFrom(...members).map((name) => without(data, name)),
  (data, members) =>
    fc.tuple(fc.constantFrom(...members), anyJson).map(([name, value]) => withMember(data, name, value)),
  (data, members) => fc.constantFrom(...members).map((name) => withMember(data, name, huge)),
  (data, members) => fc.constantFrom(...members).map((name) => withMember(data, name, 'no such word')),
  (data, members) =>
    fc
      .tuple(fc.constantFrom(...members), fc.nat({ max: 3 }), anyJson)
      .map(([name, at, value]) => breakInside(data, name, at, value)),
];

const without = (data: Record<string, unknown>, name: string) =>
  Object.fromEntries(Object.entries(data).filter(([key]) => key !== name));

/** An own member, also where the name is `__proto__`. */
const withMember = (data: Record<string, unknown>, name: string, value: unknown) =>
  Object.fromEntries([...Object.entries(data).filter(([key]) => key !== name), [name, value]]);

function breakInside(data: Record<string, unknown>, name: string, at: number, value: unknown) {
  const inner = data[name];
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner))
    return withMember(data, name, value);
  const keys = Object.keys(inner);
  const key = keys[at % Math.max(1, keys.length)] ?? 'x';
  return withMember(data, name, withMember(inner as Record<string, unknown>, key, value));
}

/** Data of a row, right or wrong. */
export function dataOf(shape: Shape): fc.Arbitrary<Record<string, unknown> | undefined> {
  const right = objectOf(shape);
  const members = Object.keys(shape);
  if (members.length === 0) return fc.option(right, { nil: undefined });
  const wrong = fc
    .tuple(right, fc.constantFrom(...breaks))
    .chain(([data, make]) => make(data, members) as fc.Arbitrary<Record<string, unknown>>);
  return fc.oneof(
    { weight: 8, arbitrary: right },
    { weight: 2, arbitrary: wrong },
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...members, 'other'), anyJson) },
  );
}

const wire = (event: string, data: fc.Arbitrary<Record<string, unknown> | undefined>) =>
  data.map((value): WireEvent => (value === undefined ? { event } : { event, data: value }));

/** What changes the state comes oftener than what does not. */
const isState = (name: string): boolean => qemuEvents[name as QemuEventName].inRunState;

/** An event of a row. */
export const rowEvent: fc.Arbitrary<WireEvent> = fc.oneof(
  ...rows.map(([name, { shape }]) => ({
    weight: isState(name) ? 4 : 1,
    arbitrary: wire(name, dataOf(shape)),
  })),
);

const unknownName = fc.constantFrom(
  'constructor',
  '__proto__',
  'toString',
  '',
  'stop',
  'NO_SUCH_EVENT',
  'Z'.repeat(500),
);

/** Any event: of a row, of the list of ignored ones, or of no name that is known. */
export const anyEvent: fc.Arbitrary<WireEvent> = fc.oneof(
  { weight: 20, arbitrary: rowEvent },
  { weight: 1, arbitrary: wire(Object.keys(ignoredQemuEvents)[0] ?? '', fc.constant(undefined)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...Object.keys(ignoredQemuEvents)),
        fc.option(fc.dictionary(fc.string(), anyJson), { nil: undefined }),
      )
      .map(([event, data]): WireEvent => (data === undefined ? { event } : { event, data })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(unknownName, fc.option(fc.dictionary(fc.string(), anyJson), { nil: undefined }))
      .map(([event, data]): WireEvent => (data === undefined ? { event } : { event, data })),
  },
);
