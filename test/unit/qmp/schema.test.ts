/** QEMU's introspection → types (QEMU `docs/devel/qapi-code-gen.rst`, client JSON protocol introspection). */
import { describe, expect, test } from 'vitest';

interface Introspection {
  readonly version: string;
  readonly schema: readonly Entity[];
}
type Entity = Readonly<Record<string, unknown>> & { readonly name: string };

const module = new URL('../../../scripts/qmp-schema/text.mjs', import.meta.url).href;
const { schemaText } = (await import(module)) as { schemaText(all: readonly Introspection[]): string };

const builtins = [
  { name: 'str', 'meta-type': 'builtin', 'json-type': 'string' },
  { name: 'int', 'meta-type': 'builtin', 'json-type': 'int' },
  { name: 'bool', 'meta-type': 'builtin', 'json-type': 'boolean' },
  { name: 'any', 'meta-type': 'builtin', 'json-type': 'value' },
  { name: 'null', 'meta-type': 'builtin', 'json-type': 'null' },
  { name: '0', 'meta-type': 'object', members: [] },
];
const command = (name: string, takes = '0', gives = '0', more: object = {}): Entity => ({
  name,
  'meta-type': 'command',
  'arg-type': takes,
  'ret-type': gives,
  ...more,
});
const event = (name: string, data = '0', more: object = {}): Entity => ({
  name,
  'meta-type': 'event',
  'arg-type': data,
  ...more,
});
/** `name?` is optional. */
const object = (name: string, members: Record<string, string>, more: object = {}): Entity => ({
  name,
  'meta-type': 'object',
  members: Object.entries(members).map(([member, type]) => ({
    name: member.replace('?', ''),
    type,
    ...(member.endsWith('?') ? { default: null } : {}),
  })),
  ...more,
});
const array = (element: string): Entity => ({
  name: `[${element}]`,
  'meta-type': 'array',
  'element-type': element,
});
const enumOf = (name: string, ...values: string[]): Entity => ({ name, 'meta-type': 'enum', values });

const of = (version: string, ...schema: Entity[]): Introspection => ({
  version,
  schema: [...builtins, ...schema],
});
/** The text without what is in every file. */
const bodyOf = (...all: Introspection[]): string =>
  schemaText(all)
    .replace(/^[\s\S]*?(?=\/\*\* QMP commands)/, '')
    .replaceAll(/\/\*\* (QMP commands by name\.|The `data` of QMP events by name\.) \*\/\n/g, '')
    .trim();
const COMMANDS = 'export interface Commands {';
const NO_EVENTS = 'export interface Events {\n}';

/** Long enough not to be written where it is used. */
const long = (...members: string[]): Record<string, string> =>
  Object.fromEntries(
    ['a', 'b', 'c', 'd', ...members].map((name) => [`${name}-of-a-type-with-a-name`, 'str']),
  );

describe('one version', () => {
  test('built-in types are those of JSON, and an array one of its elements', () => {
    const members = { s: 'str', 'i?': 'int', b: 'bool', v: 'any', n: 'null', l: '[str]' };
    expect(bodyOf(of('7.2.0', command('x', '1'), object('1', members), array('str')))).toBe(
      [
        ...[COMMANDS, '  x: { arguments: XArguments; return: None };', '}', '', NO_EVENTS, ''],
        ...['/** `x`: arguments */', 'export interface XArguments {', '  b: boolean;', '  i?: number;'],
        ...['  l: string[];', '  n: null;', '  s: string;', '  v: unknown;', '}'],
      ].join('\n'),
    );
  });

  test('short types stand where they are used, under names that need it quoted', () => {
    const schema = [
      command('x-y', '1', '[2]'),
      object('1', { 'a-b?': '3', c: '[3]' }),
      array('3'),
      array('2'),
    ];
    expect(bodyOf(of('7.2.0', ...schema, object('2', { n: 'int' }), enumOf('3', 'on', 'off')))).toContain(
      "  'x-y': { arguments: { 'a-b'?: 'off' | 'on'; c: ('off' | 'on')[] }; return: { n: number }[] };",
    );
  });

  test('a type is named after the shortest way to it, and written once', () => {
    const schema = [command('deep', '1', '0'), command('flat', '0', '2'), event('A_B', '2')];
    const text = bodyOf(of('7.2.0', ...schema, object('1', { m: '2' }), object('2', long())));
    expect(text).toContain('deep: { arguments: DeepArguments; return: None };');
    expect(text).toContain('  m: FlatReturn;');
    expect(text).toContain('  A_B: FlatReturn;');
    expect(text.match(/^export interface \w+/gm)).toHaveLength(4);
  });

  test('a name that is taken already is made longer, then numbered', () => {
    const both = [
      object('1', { m: '3' }),
      object('2', { m: '4' }),
      object('3', long()),
      object('4', long('e')),
    ];
    const text = bodyOf(of('7.2.0', command('x', '1', '2'), ...both));
    expect(text).toMatch(/interface XArguments \{\n {2}m: XM;/);
    expect(text).toMatch(/interface XReturn \{\n {2}m: XReturnM;/);
    const cased = [command('x-y', '3'), command('x_y', '4'), object('3', long()), object('4', long('e'))];
    expect(bodyOf(of('7.2.0', ...cased))).toContain('x_y: { arguments: XYArguments2; return: None };');
  });

  test('a known place gives its type the name of QAPI (run-state.json:RunState)', () => {
    const schema = [command('query-status', '0', '1'), object('1', { status: '2' }), enumOf('2', 'running')];
    expect(bodyOf(of('7.2.0', ...schema))).toContain("export type RunState = 'running';");
  });

  test('variants are a discriminated union, and cases that add the same stand together', () => {
    const variants = [
      { case: 'file', type: '3' },
      { case: 'null', type: '0' },
      { case: 'qcow2', type: '4' },
      { case: 'zero', type: '0' },
    ];
    const union = object('1', { driver: '2', 'id?': 'str' }, { tag: 'driver', variants });
    const schema = [
      enumOf('2', 'zero', 'qcow2', 'null', 'file'),
      object('3', { path: 'str' }),
      object('4', long()),
    ];
    expect(bodyOf(of('7.2.0', command('add', '1'), union, ...schema))).toContain(
      [
        ...['export type AddArguments = {', '  id?: string;', '} & ('],
        ...["  | { driver: 'file'; path: string }", "  | { driver: 'null' | 'zero' }"],
        ...["  | ({ driver: 'qcow2' } & AddQcow2)", ');'],
      ].join('\n'),
    );
  });

  test('an alternate is a union, and a type that contains itself has a name', () => {
    const schema = [
      command('add', '1'),
      object('1', { 'backing?': '2', 'list?': '[1]' }),
      { name: '2', 'meta-type': 'alternate', members: [{ type: '1' }, { type: 'null' }, { type: 'str' }] },
      array('1'),
    ];
    const text = bodyOf(of('7.2.0', ...schema));
    expect(text).toContain(
      'export interface AddArguments {\n  backing?: AddBacking;\n  list?: AddArguments[];\n}',
    );
    expect(text).toContain('export type AddBacking = null | string | AddArguments;');
  });

  test('the features deprecated and unstable, and oob, are told', () => {
    const old = { features: ['deprecated'] };
    const members = [{ name: 'm', type: 'str', features: ['deprecated'] }];
    const text = bodyOf(
      of(
        '7.2.0',
        command('x', '1', '0', { features: ['unstable'], 'allow-oob': true }),
        { name: '1', 'meta-type': 'object', members },
        {
          name: '2',
          'meta-type': 'enum',
          members: [{ name: 'v', ...old }, { name: 'w' }],
          values: ['v', 'w'],
        },
        event('E', '3', old),
        object('3', { k: '2' }),
      ),
    );
    expect(text).toContain('  /** May be sent out of band. @experimental */\n  x: {');
    expect(text).toContain('  /** @deprecated */\n  m: string;');
    expect(text).toContain('  /** @deprecated */\n  E: EData;');
    expect(text).toContain("export type EK =\n  /** @deprecated */\n  | 'v'\n  | 'w';");
  });

  test('the arguments of device_add are open (QAPI qdev.json:device_add)', () => {
    expect(bodyOf(of('7.2.0', command('device_add', '1'), object('1', { driver: 'str' })))).toContain(
      'device_add: { arguments: { driver: string } & Record<string, unknown>; return: None };',
    );
  });

  test('neither the numbers of types nor the order of the schema matter', () => {
    const variants = [
      { case: 'a', type: '3' },
      { case: 'b', type: '4' },
    ];
    const schema = [
      ...[
        command('one', '1', '[2]'),
        command('two', '4', '2'),
        event('E', '3'),
        array('2'),
        enumOf('5', 'a', 'b'),
      ],
      object('1', { t: '5', 'next?': '1' }, { tag: 't', variants }),
      ...[object('2', long('e')), object('3', long('f')), object('4', { m: '2', ...long() })],
    ];
    const renumber = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (_key, each: unknown) =>
        typeof each === 'string'
          ? each.replace(/(?<=^\[?)[1-9](?=\]?$)/, (digit) => `${100 - Number(digit)}`)
          : each,
      );
    const shuffled = (renumber(schema) as Entity[]).reverse().map((entity) => ({
      ...entity,
      ...(Array.isArray(entity.members) ? { members: entity.members.toReversed() } : {}),
      ...(Array.isArray(entity.values) ? { values: entity.values.toReversed() } : {}),
      ...(Array.isArray(entity.variants) ? { variants: entity.variants.toReversed() } : {}),
    }));
    expect(shuffled).not.toEqual(schema);
    expect(schemaText([of('7.2.0', ...shuffled)])).toBe(schemaText([of('7.2.0', ...schema)]));
  });
});

describe('several versions', () => {
  test('the order in which they are given does not matter, and numbers are compared as numbers', () => {
    const old = of('9.2.0', command('x'));
    const young = of('10.0.0', command('x'), command('y'));
    expect(schemaText([old, young])).toBe(schemaText([young, old]));
    expect(bodyOf(young, old)).toContain('  /** @since 10.0.0 */\n  y: {');
  });

  test('a command, event, member or value that not all have says since when it is there', () => {
    const old = [command('x', '1'), object('1', { m: 'str', k: '2' }), enumOf('2', 'a')];
    const young = [
      ...[command('x', '7'), command('y'), event('E')],
      ...[object('7', { m: 'str', k: '8', n: 'int' }), enumOf('8', 'a', 'b')],
    ];
    const text = bodyOf(of('7.2.0', ...old), of('8.0.0', ...young));
    expect(text).toContain('  /** @since 8.0.0 */\n  y: { arguments: None; return: None };');
    expect(text).toContain('  /** @since 8.0.0 */\n  E: None;');
    // Required in 8.0, but 7.2 would refuse it.
    expect(text).toContain('  k: XK;\n  m: string;\n  /** @since 8.0.0 */\n  n?: number;');
    expect(text).toContain("export type XK =\n  | 'a'\n  /** @since 8.0.0 */\n  | 'b';");
  });

  test('what is gone says so', () => {
    const text = bodyOf(
      of('7.2.0', command('x'), command('y', '1'), object('1', { 'm?': 'str', n: 'str' })),
      of('8.0.0', command('y', '1'), object('1', { n: 'str' })),
      of('8.1.0', command('y', '1'), object('1', { n: 'str' })),
    );
    expect(text).toContain('  /** Not in 8.0.0 any more. @since 7.2.0 */\n  x: {');
    expect(text).toContain('  /** Not in 8.0.0 any more. @since 7.2.0 */\n  m?: string;\n  n: string;');
  });

  test('a member is optional if one version lets it out', () => {
    const versions = [
      of('7.2.0', command('x', '1'), object('1', { m: 'str' })),
      of('8.0.0', command('x', '1'), object('1', { 'm?': 'str' })),
    ];
    expect(bodyOf(...versions)).toContain('x: { arguments: { m?: string }; return: None };');
  });

  test('what a new command requires is required, and says nothing of its own', () => {
    const text = bodyOf(
      of('7.2.0', command('x')),
      of('8.0.0', command('x'), command('y', '1'), object('1', { m: 'str' })),
    );
    expect(text).toContain('y: { arguments: { m: string }; return: None };');
  });

  test('arguments of a command that had none are optional', () => {
    const text = bodyOf(of('7.2.0', command('x')), of('8.0.0', command('x', '1'), object('1', { m: 'str' })));
    expect(text).toContain('  /** @since 8.0.0 */\n  m?: string;');
  });

  test('what a case adds since a later version is optional, but required where it always was', () => {
    const variants = [{ case: 'a', type: '3' }];
    const text = bodyOf(
      of('7.2.0', command('x', '1'), object('1', { t: '2' }), enumOf('2', 'a')),
      of(
        '8.0.0',
        ...[command('x', '1'), command('y', '3'), object('1', { t: '2' }, { tag: 't', variants })],
        ...[enumOf('2', 'a'), object('3', { n: 'int' })],
      ),
    );
    expect(text).toContain('y: { arguments: { n: number }; return: None };');
    expect(text).toContain("  | ({ t: 'a' } & XA);");
    expect(text).toContain('export interface XA {\n  /** @since 8.0.0 */\n  n?: number;\n}');
  });

  test('another kind of type is a union of both', () => {
    const text = bodyOf(
      of('7.2.0', command('x', '1'), object('1', { m: 'str', n: 'int' })),
      of('8.0.0', command('x', '1'), object('1', { m: '[str]', n: 'str' }), array('str')),
    );
    expect(text).toContain('{ m: string | string[]; n: number | string }');
  });

  test('a type that a new command shares with an old one is not written twice', () => {
    const text = bodyOf(
      of('7.2.0', command('x', '0', '1'), object('1', long())),
      of('8.0.0', command('x', '0', '5'), command('y', '5'), object('5', long('e'))),
    );
    expect(text).toContain('y: { arguments: XReturn; return: None };');
    expect(text.match(/^export interface \w+/gm)).toHaveLength(3);
  });

  test('a case that not all have says since when', () => {
    const union = (variants: object[]): Entity => object('1', { t: '2' }, { tag: 't', variants });
    const a = { case: 'a', type: '3' };
    const text = bodyOf(
      of('7.2.0', command('x', '1'), union([a]), enumOf('2', 'a'), object('3', { n: 'int' })),
      of(
        '8.0.0',
        command('x', '1'),
        union([a, { case: 'b', type: '3' }]),
        enumOf('2', 'a', 'b'),
        object('3', { n: 'int' }),
      ),
    );
    expect(text).toContain("  | { t: 'a'; n: number }\n  /** @since 8.0.0 */\n  | { t: 'b'; n: number };");
  });
});

test('a type that the schema does not have is an error, with its version', () => {
  expect(() => schemaText([of('7.2.0', command('x', '9'))])).toThrow('QEMU 7.2.0: its schema has no type 9');
});
