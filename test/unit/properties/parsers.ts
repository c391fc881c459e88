/** The rows of Table 1 alone: whatever QEMU sends, a payload of the row's shape, or the reason why it is dropped. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Dropped, type Shape } from '../../../src/events/payload.ts';
import { parseMessage } from '../../../src/qmp/message.ts';
import { anyJson, dataOf, objectOf, rowOf } from './arbitraries.ts';

type Data = Record<string, unknown> | undefined;

/** Members that may be at fault: those of the shape, and those within. */
const pathsOf = (shape: Shape): string[] =>
  Object.entries(shape).flatMap(([name, { members }]) => [
    name,
    ...(members === undefined ? [] : pathsOf(members).map((path) => `${name}.${path}`)),
  ]);

/** A payload has the members of the shape, each as its field reads it. */
function isOfShape(payload: unknown, shape: Shape): void {
  assert(typeof payload === 'object' && payload !== null);
  assert.deepEqual(Object.keys(payload), Object.keys(shape));
  for (const [name, field] of Object.entries(shape)) {
    const value: unknown = (payload as Record<string, unknown>)[name];
    const standIns = [
      ...('missing' in field ? [field.missing] : []),
      ...('invalid' in field ? [field.invalid] : []),
    ];
    if (standIns.includes(value)) continue;
    assert.notEqual(value, undefined, name);
    if (field.words !== undefined) assert(field.words.includes(String(value)), `${name}: ${value}`);
    else if (field.members !== undefined) isOfShape(value, field.members);
    else assert.deepEqual(field.read(value), value, name);
  }
}

/** Any data, as it comes from the wire: nothing is thrown, and the answer is one of two. */
function check(name: string, data: Data): unknown {
  const row = rowOf(name);
  assert(row !== undefined);
  const message = parseMessage(JSON.stringify({ event: name, ...(data === undefined ? {} : { data }) }));
  assert.equal(message.kind, 'event');
  const payload = row.parse(message.kind === 'event' ? message.event.data : undefined);
  if (payload instanceof Dropped) {
    assert(['missing-field', 'wrong-type'].includes(payload.reason));
    assert(pathsOf(row.shape).includes(payload.field), payload.field);
  } else isOfShape(payload, row.shape);
  return payload;
}

/** Data as of this row, with anything wrong about it. */
export const takesAnything = (name: string, shape: Shape) =>
  fc.property(dataOf(shape), (data) => void check(name, data));

/** Any JSON at all in the place of `data`. */
export const takesAnyJson = (name: string, shape: Shape) =>
  fc.property(
    fc.oneof(anyJson, fc.dictionary(fc.constantFrom(...Object.keys(shape), 'other', '__proto__'), anyJson)),
    (data) => void check(name, data as Data),
  );

/** What QEMU says rightly is never dropped. */
export const takesWhatIsRight = (name: string, shape: Shape, oneOf: readonly string[] = []) =>
  fc.property(objectOf(shape), (data) => {
    fc.pre(oneOf.length === 0 || oneOf.some((member) => Object.hasOwn(data, member)));
    assert(!(check(name, data) instanceof Dropped));
  });
