/** The generated types, and the probe, against the QEMU that is installed. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from '@typescript/typescript6';
import { beforeAll, expect, test } from 'vitest';
import { ProbeCache, probe, type QemuAbilities, QmpClient } from '../../src/qmp/index.ts';
import { describeWith } from '../support/needs.ts';
import { startQemu } from '../support/qemu.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = `${root}src/qmp/schema.generated.ts`;

/** The members of one of the file's interfaces. */
function namesIn(text: string, name: 'Commands' | 'Events'): string[] {
  const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023);
  const found = statements.find((each) => ts.isInterfaceDeclaration(each) && each.name.text === name);
  if (found === undefined || !ts.isInterfaceDeclaration(found)) throw new Error(`no interface ${name}`);
  return found.members.flatMap(({ name }) =>
    name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? [name.text] : [],
  );
}

describeWith(['qemu'], 'the schema of the installed QEMU', () => {
  let text: string;
  let abilities: QemuAbilities;
  /** Why the file says nothing about this QEMU; null if it does. */
  let other: string | null;

  beforeAll(async () => {
    text = readFileSync(file, 'utf8');
    await using qemu = await startQemu({ paused: true });
    await using client = await QmpClient.connect(qemu.path);
    abilities = await probe(client);
    const release = abilities.version.replace(/\.\d+$/, '.0');
    const versions = /^\/\/ QEMU (.*)$/m.exec(text)?.[1]?.split(', ') ?? [];
    other = versions.includes(release) ? null : `the types are of ${versions.join(', ')}, QEMU is ${release}`;
  });

  test('all its commands and events have types', (context) => {
    if (other !== null) return context.skip(other);
    const typed = { commands: namesIn(text, 'Commands'), events: namesIn(text, 'Events') };
    expect([...abilities.commands].filter((name) => !typed.commands.includes(name))).toEqual([]);
    expect([...(abilities.events ?? [])].filter((name) => !typed.events.includes(name))).toEqual([]);
    expect(abilities.events).not.toBeNull();
  });

  test('npm run schema -- --check finds no difference', (context) => {
    if (other !== null) return context.skip(other);
    const { status, stderr } = spawnSync(process.execPath, ['scripts/qmp-schema.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('the probe finds what query-commands lists', async () => {
    await using qemu = await startQemu({ paused: true });
    await using client = await QmpClient.connect(qemu.path);
    const listed = await client.execute('query-commands');
    expect([...abilities.commands].sort()).toEqual(listed.map(({ name }) => name).sort());
    expect([...(abilities.events ?? [])]).toEqual(expect.arrayContaining(['SHUTDOWN', 'STOP', 'RESUME']));
  });

  test('of two QEMUs of this build, the second is not asked for its schema', async () => {
    const cache = new ProbeCache();
    await using one = await startQemu({ paused: true });
    await using two = await startQemu({ paused: true });
    const asked: unknown[] = [];
    for (const { path } of [one, two]) {
      await using client = await QmpClient.connect(path, {
        trace: (direction, message) =>
          direction === 'send' && asked.push((message as { execute?: string }).execute),
      });
      expect(await cache.probe(client)).toEqual(abilities);
    }
    expect(asked.filter((command) => command === 'query-qmp-schema')).toHaveLength(1);
  });
});

test('a QEMU that cannot be started fails the script, and writes nothing', () => {
  const before = readFileSync(file, 'utf8');
  const { status, stderr } = spawnSync(process.execPath, ['scripts/qmp-schema.mjs', '/nowhere/qemu'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'schema: /nowhere/qemu: spawn /nowhere/qemu ENOENT\n',
  });
  expect(readFileSync(file, 'utf8')).toBe(before);
});
