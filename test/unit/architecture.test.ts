/** The rules that the source tree keeps: nothing waits or is left to chance outside src/loop; who imports whom. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from '@typescript/typescript6';
import { describe, expect, test } from 'vitest';

const MAX_LINES = 400;

/** Names that wait, tell the time or make chance, as `name` or `object.name`. */
const IMPURE = new Set([
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'process.nextTick', 'process.hrtime'],
  ...['Date', 'performance', 'Math.random', 'AbortSignal.timeout', 'scheduler'],
  ...['crypto.randomUUID', 'crypto.getRandomValues', 'crypto.randomBytes', 'crypto.randomInt'],
]);

/** Packages whose import is the same by another name; a list names what may not be imported of them. */
const IMPURE_IMPORTS = new Map<string, 'all' | readonly string[]>([
  ['uuid', 'all'],
  ['timers', 'all'],
  ['timers/promises', 'all'],
  ['perf_hooks', 'all'],
  ['process', ['nextTick', 'hrtime']],
  ['crypto', ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues', 'randomFill', 'randomFillSync']],
  ['events', ['once', 'on']],
  ['xstate', ['waitFor', 'toPromise']],
]);

/**
 * Who may import whom. The key is a folder or a file of src, the value what it may import besides itself and
 * `EVERYONE`. A new folder needs a row.
 */
const EVERYONE = ['errors', 'diagnostics', 'loop'];
const CHAIN = ['actors', 'machines', 'events', 'qmp'];
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  diagnostics: [],
  loop: [],
  qmp: [],
  events: ['qmp'],
  machines: ['events', 'qmp'],
  // What is changed on the host is data of the tables (events/nic.ts).
  host: ['events'],
  subscriptions: ['events'],
  'keep-alive': [],
  // What is printed and shown of what was told.
  lines: ['events'],
  actors: ['machines', 'events', 'qmp', 'host', 'subscriptions'],
  config: ['events'],
  'state-reporter': ['machines', 'events'],
  attachment: ['config', 'state-reporter', ...CHAIN],
  'domain-info': [...CHAIN],
  operate: [...CHAIN],
  domain: ['domain-info', 'operate', ...CHAIN, 'subscriptions'],
  // How a driver and a domain are listened to.
  doors: ['domain', 'events', 'subscriptions'],
  'driver-options': ['domain', 'actors', 'host'],
  taps: ['actors'],
  driver: [
    'driver-options',
    'doors',
    'domain',
    'attachment',
    'config',
    ...CHAIN,
    'subscriptions',
    'keep-alive',
    'taps',
    'dashboard',
  ],
  inspect: ['domain'],
  index: [
    'dashboard',
    'inspect',
    'driver',
    'driver-options',
    'doors',
    'domain',
    'domain-info',
    'operate',
    ...CHAIN,
    'host',
    'subscriptions',
  ],
  recording: [
    'domain',
    'taps',
    'attachment',
    'state-reporter',
    'config',
    ...CHAIN,
    'host',
    'subscriptions',
    'lines',
    'diagram',
  ],
  // It sees a driver through its taps, and does not know it.
  dashboard: ['taps', 'lines', ...CHAIN, 'recording'],
  // The simulation lives in the whole library.
  testing: ['driver', 'domain', ...CHAIN, 'recording', 'model', 'diagram'],
  cli: [
    'dashboard',
    'driver',
    'lines',
    'domain',
    'config',
    ...CHAIN,
    'host',
    'subscriptions',
    'recording',
    'testing',
    'model',
    'diagram',
  ],
  model: ['diagram'],
  diagram: [],
};
/** Folders that run anywhere, with nothing attached: no module of Node. */
const WITHOUT_NODE = ['machines', 'events', 'model', 'diagram'];
/** The page waits and tells time by its browser, which is no part of a driver. */
const IN_BROWSERS = 'dashboard/page/';

interface Source {
  /** Below src, as `machines/domain-machine.ts`. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly from: string;
  readonly names: readonly string[];
}

const root = fileURLToPath(new URL('../../src', import.meta.url));
const sources: Source[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }));

function parse({ path, text }: Source): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}

function nodesOf(node: ts.Node): ts.Node[] {
  const found = [node];
  ts.forEachChild(node, (child) => {
    found.push(...nodesOf(child));
  });
  return found;
}

/** Imports of any form: `import`, `export … from`, `import()`, `import type`, `import('…').T`, `require()`. */
function importsOf(source: Source): Import[] {
  const imports: Import[] = [];
  for (const node of nodesOf(parse(source))) {
    let from: ts.Node | undefined;
    let names: string[] = [];
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      from = node.moduleSpecifier;
      const clause = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
      if (clause !== undefined && (ts.isNamedImports(clause) || ts.isNamedExports(clause))) {
        names = clause.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
      } else names = ['*'];
    } else if (ts.isCallExpression(node) && /^(import|require)$/.test(node.expression.getText())) {
      from = node.arguments[0];
      names = ['*'];
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) from = node.argument.literal;
    if (from !== undefined && ts.isStringLiteralLike(from)) imports.push({ from: from.text, names });
  }
  return imports;
}

/** True for an identifier that is used as a value: not the name of something, not a member, not a type. */
function isUse(node: ts.Node): node is ts.Identifier {
  if (!ts.isIdentifier(node)) return false;
  const parent: ts.Node & { readonly name?: ts.Node; readonly propertyName?: ts.Node } = node.parent;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent) || ts.isQualifiedName(parent))
    return false;
  return parent.name !== node && parent.propertyName !== node;
}

function impureUses(source: Source): string[] {
  if (source.path.startsWith('loop/') || source.path.startsWith(IN_BROWSERS)) return [];
  const found: string[] = [];
  for (const node of nodesOf(parse(source))) {
    if (!isUse(node)) continue;
    let name = node.text;
    let expression: ts.Node = node;
    if (name === 'globalThis' || name === 'global') {
      const access = node.parent;
      if (!ts.isPropertyAccessExpression(access)) continue;
      name = access.name.text;
      expression = access;
    }
    const access = expression.parent;
    const member = ts.isPropertyAccessExpression(access) ? `${name}.${access.name.text}` : name;
    if (IMPURE.has(name)) found.push(`${source.path}: ${name}`);
    else if (IMPURE.has(member)) found.push(`${source.path}: ${member}`);
  }
  for (const { from, names } of importsOf(source)) {
    const bad = IMPURE_IMPORTS.get(from.replace(/^node:/, ''));
    if (bad === undefined) continue;
    if (bad === 'all') found.push(`${source.path}: ${from}`);
    // All of it under one name would hide what is used.
    else
      for (const name of names)
        if (name === '*' || bad.includes(name)) found.push(`${source.path}: ${from} ${name}`);
  }
  return found;
}

/** The folder, or the file's name directly below src. */
function unitOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');
}

function wrongArrows(source: Source): string[] {
  const unit = unitOf(source.path);
  const allowed = ARROWS[unit];
  if (allowed === undefined) return [`${source.path}: ${unit} has no row in ARROWS`];
  const wrong: string[] = [];
  for (const { from } of importsOf(source)) {
    if (from.startsWith('.')) {
      const target = unitOf(new URL(from, `file:///${source.path}`).pathname.slice(1));
      if (target === unit || allowed.includes(target)) continue;
      if (EVERYONE.includes(target) && !EVERYONE.includes(unit)) continue;
      if (target === 'errors') continue;
      wrong.push(`${source.path}: ${unit} → ${target}`);
    } else if (WITHOUT_NODE.includes(unit) && from.startsWith('node:')) {
      wrong.push(`${source.path}: ${unit} → ${from}`);
    }
  }
  return wrong;
}

describe('the source', () => {
  test('waits, reads the time and takes chance only in src/loop', () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.flatMap(impureUses)).toEqual([]);
  });

  test('imports only along the arrows of the architecture, types included', () => {
    expect(sources.flatMap(wrongArrows)).toEqual([]);
  });

  test(`has no file over ${MAX_LINES} lines that was written by hand`, () => {
    const long = sources
      .filter(({ path }) => !path.endsWith('.generated.ts'))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES);
    expect(long).toEqual([]);
  });
});

describe('these rules find what they forbid', () => {
  test.each([
    ['setTimeout(f, 1)', 'setTimeout'],
    ['globalThis.setTimeout(f, 1)', 'setTimeout'],
    ['const later = setImmediate;', 'setImmediate'],
    ['setInterval(f, 1)', 'setInterval'],
    ['queueMicrotask(f)', 'queueMicrotask'],
    ['process.nextTick(f)', 'process.nextTick'],
    ['const now = { now: Date.now }', 'Date'],
    ['new Date()', 'Date'],
    ['new Date(5)', 'Date'],
    ['performance.now()', 'performance'],
    ['globalThis.performance.now()', 'performance'],
    ['process.hrtime.bigint()', 'process.hrtime'],
    ['Math.random()', 'Math.random'],
    ['AbortSignal.timeout(1)', 'AbortSignal.timeout'],
    ['crypto.randomUUID()', 'crypto.randomUUID'],
    [`import { randomUUID as r } from 'node:crypto';`, 'node:crypto randomUUID'],
    [`import { v4 } from 'uuid';`, 'uuid'],
    [`import { setTimeout as sleep } from 'node:timers/promises';`, 'node:timers/promises'],
    [`import { once } from 'node:events';`, 'node:events once'],
    [`import { waitFor } from 'xstate';`, 'xstate waitFor'],
    [`import * as xstate from 'xstate';`, 'xstate *'],
    ['class A { wait = setTimeout }', 'setTimeout'],
    ['function f(wait = setTimeout) {}', 'setTimeout'],
    ['const clock = { setTimeout };', 'setTimeout'],
    ['const { now } = Date;', 'Date'],
    [`const t = await import('node:timers');`, 'node:timers'],
  ])('%s', (text, name) => {
    expect(impureUses({ path: 'actors/a.ts', text })).toEqual([`actors/a.ts: ${name}`]);
    expect(impureUses({ path: 'loop/a.ts', text })).toEqual([]);
    expect(impureUses({ path: 'dashboard/page/a.ts', text })).toEqual([]);
  });

  test.each([
    'clock.setTimeout(f, 1)',
    'const clock = { setTimeout: f, now: 1 }',
    'runtime.random()',
    'let at: Date',
    '/** Like {@link setTimeout}. */ const a = 1;',
    'class Clock { setTimeout(f: () => void) {} }',
    'interface A { setTimeout(f: () => void): void }',
    'Math.max(1, 2)',
    `import { EventEmitter } from 'node:events';`,
  ])('but not %s', (text) => {
    expect(impureUses({ path: 'actors/a.ts', text })).toEqual([]);
  });

  test.each([
    ['machines/a.ts', `import { f } from '../actors/f.ts';`, 'machines → actors'],
    ['machines/a.ts', `import type { H } from '../host/host-network.ts';`, 'machines → host'],
    ['machines/a.ts', `import { readFile } from 'node:fs';`, 'machines → node:fs'],
    ['qmp/a.ts', `export * from '../events/qemu-events.ts';`, 'qmp → events'],
    ['actors/handlers/a.ts', `import { x } from '../../index.ts';`, 'actors → index'],
    ['subscriptions/a.ts', `type Q = import('../qmp/client.ts').Q;`, 'subscriptions → qmp'],
    ['model/a.ts', `import { m } from '../machines/m.ts';`, 'model → machines'],
    ['cli/main.ts', `import { openDriver } from '../index.ts';`, 'cli → index'],
    ['loop/a.ts', `const q = await import('../qmp/client.ts');`, 'loop → qmp'],
  ])('%s: %s', (path, text, arrow) => {
    expect(wrongArrows({ path, text })).toEqual([`${path}: ${arrow}`]);
  });

  test.each([
    ['actors/handlers/a.ts', `import { x } from '../../machines/m.ts';`],
    ['actors/a.ts', `import { b } from './b.ts';`],
    ['machines/a.ts', `import { setup } from 'xstate';`],
    ['qmp/a.ts', `import { StateError } from '../errors.ts';`],
    ['driver.ts', `import { domainLogic } from './actors/domain.ts';`],
  ])('but not %s: %s', (path, text) => {
    expect(wrongArrows({ path, text })).toEqual([]);
  });

  test('a folder that nobody thought about', () => {
    expect(wrongArrows({ path: 'gadgets/a.ts', text: '' })).toEqual([
      'gadgets/a.ts: gadgets has no row in ARROWS',
    ]);
  });
});
