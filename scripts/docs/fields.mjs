// The members of a QEMU event's `data`, by its row: shown to readers, and filled in to try the event.

import { code } from './text.mjs';

/** @typedef {{ kind: string, missing?: unknown, invalid?: unknown, words?: string[], members?: Shape }} Field */
/** @typedef {{ [name: string]: Field }} Shape */

/**
 * What stands in a member where any word would do for the parser, but not for a domain: names of its devices, and
 * numbers that mean something. By event and path, else by path.
 *
 * @type {Record<string, readonly unknown[]>}
 */
const SAMPLES = {
  'ACPI_DEVICE_OST info.slot-type': ['DIMM'],
  'ACPI_DEVICE_OST info.source': [3],
  'ACPI_DEVICE_OST info.status': [1],
  'ACPI_DEVICE_OST info.device': ['virtiomem0'],
  'BLOCK_IO_ERROR device': ['virtio-disk0'],
  'DEVICE_DELETED device': ['net0'],
  'DEVICE_TRAY_MOVED device': ['virtio-disk0'],
  'DEVICE_UNPLUG_GUEST_ERROR device': ['net0'],
  'GUEST_PANICKED info': [{ type: 's390', core: 1, 'psw-mask': 1, 'psw-addr': 1, reason: 'unknown' }],
  'MEMORY_DEVICE_SIZE_CHANGE id': ['virtiomem0'],
  'NIC_RX_FILTER_CHANGED name': ['net0'],
  'PR_MANAGER_STATUS_CHANGED id': ['pr-helper0'],
  'SHUTDOWN reason': ['guest-shutdown', 'guest-panic'],
  'VSERPORT_CHANGE id': ['channel0'],
  'JOB_STATUS_CHANGE id': ['job0'],
  'BLOCK_JOB_CANCELLED device': ['job0'],
  'BLOCK_JOB_COMPLETED device': ['job0'],
  'BLOCK_JOB_READY device': ['job0'],
  'node-name': ['libvirt-1-format'],
  'netdev-id': ['hostnet0'],
};

/** The members as a cell of a table. @param {Shape} shape */
export const describeMembers = (shape) => lines(shape, '').join('<br>') || 'none';

/** @param {Shape} shape @param {string} before @returns {string[]} */
const lines = (shape, before) =>
  Object.entries(shape).flatMap(([name, field]) => {
    const path = `${before}${name}`;
    if (field.members === undefined) return [`${code(`${path}: ${typeOf(field)}`)}${standIn(field)}`];
    return [
      ...('missing' in field ? [`${code(`${path}: ${field.kind}`)}${standIn(field)}`] : []),
      ...lines(field.members, `${path}.`),
    ];
  });

/** @param {Field} field */
const typeOf = ({ kind, words }) => (words === undefined ? kind : words.join(' or '));

/** @param {Field} field */
function standIn(field) {
  const missing = 'missing' in field ? value(field.missing) : null;
  const wrong = 'invalid' in field ? value(field.invalid) : null;
  if (missing === null && wrong === null) return '';
  if (missing === wrong) return `, else ${missing}`;
  return ` (missing: ${missing ?? 'dropped'}; wrong: ${wrong ?? 'dropped'})`;
}

/** @param {unknown} fallback */
const value = (fallback) => (fallback === '' ? 'empty' : code(JSON.stringify(fallback).replaceAll('"', '')));

/**
 * Payloads of a row, as its parser makes them: with each word, each truth value, and each member that may be missing
 * there and not there.
 *
 * @param {string} event
 * @param {{ shape: Shape, parse: (data: any) => any }} row
 * @returns {object[]}
 */
export function variantsOf(event, row) {
  return fill(event, row.shape, '').flatMap((filled) => {
    const payload = row.parse(filled);
    const isDropped =
      payload !== null && typeof payload === 'object' && payload.constructor.name === 'Dropped';
    return isDropped ? [] : [payload];
  });
}

/** The plain one, then what each member may be else, one at a time. @param {string} event @param {Shape} shape @param {string} before */
function fill(event, shape, before) {
  const values = Object.entries(shape).map(
    ([name, field]) => /** @type {const} */ ([name, valuesOf(event, field, `${before}${name}`)]),
  );
  const plain = data(values.map(([name, [first]]) => [name, first]));
  return [
    plain,
    ...values.flatMap(([name, [, ...others]]) =>
      others.map((other) => data([...Object.entries(plain), [name, other]])),
    ),
  ];
}

/** @param {(readonly [string, unknown])[]} entries - of one name the last counts; undefined is left out */
const data = (entries) =>
  Object.fromEntries(Object.entries(Object.fromEntries(entries)).filter(([, value]) => value !== undefined));

/** @param {string} event @param {Field} field @param {string} path @returns {unknown[]} undefined: missing */
function valuesOf(event, field, path) {
  const maybe = 'missing' in field ? [undefined] : [];
  const samples = SAMPLES[`${event} ${path}`] ?? SAMPLES[path];
  if (samples !== undefined) return [...samples, ...maybe];
  if (field.words !== undefined) return [...field.words, ...maybe];
  if (field.members !== undefined) return [...fill(event, field.members, `${path}.`), ...maybe];
  switch (field.kind) {
    case 'string':
      return [path, ...maybe];
    case 'boolean':
      return [true, false, ...maybe];
    case 'integer':
    case 'unsigned integer':
    case '64-bit integer':
      return [1, ...maybe];
    default:
      // One of several kinds of object: none of what is shown here depends on which.
      return maybe;
  }
}
