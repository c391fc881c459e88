/** `generate-tests` (docs/cli.md). */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startProcess } from '../../support/process.ts';
import { main } from './cli-process.ts';
import { runMain, startMain } from './in-process.ts';
import { pageMachine, repository, usersFolder } from './users-folder.ts';

/** A user's folder, with his machines, and packages. */
let folder: string;
beforeAll(async () => {
  folder = await usersFolder();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

async function write(name: string, text: string): Promise<string> {
  await writeFile(at(name), text);
  return at(name);
}

const generate = (...args: string[]) => runMain(['generate-tests', ...args]);

describe('generate-tests', () => {
  test('prints a vitest file of the transitions', async () => {
    const run = await generate(at('page.ts'));
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout.match(/^ {2}test\(.*(?=, async)/gm)).toEqual([
      "  test('loading: done(loader)'",
      "  test('loading: error(loader)'",
      "  test('loading: after 1000'",
    ]);
  });

  test('of one of ours takes its examples from qemu-actors/testing', async () => {
    const run = await generate('qemu-job', '--strategy', 'states');
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain(`import { qemuJobModel } from 'qemu-actors/testing';`);
    expect(run.stdout).toContain('const system = liveSystem(qemuJobModel());');
  });

  test('twice gives the same bytes, which --check takes for current', async () => {
    const files = [at('one.test.ts'), at('two.test.ts')];
    const strategy = ['--strategy', 'transitions,random', '--strategy', 'races', '--interrupt', 'LOAD'];
    for (const out of files) {
      const run = await generate(at('page.ts'), ...strategy, '--walks', '5', '--out', out);
      expect(run).toMatchObject({
        exitCode: 0,
        stdout: `${out}: 13 tests of strategies transitions, random, races\n`,
      });
      expect(
        await generate(at('page.ts'), ...strategy, '--walks', '5', '--out', out, '--check'),
      ).toMatchObject({
        exitCode: 0,
        stdout: run.stdout,
      });
    }
    const [one, two] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    expect(two?.replaceAll('two.test.ts', 'one.test.ts')).toBe(one);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('--check says from which line on a file is not current, writes nothing, and ends with 1', async () => {
    const out = at('checked.test.ts');
    const absent = await generate(at('page.ts'), '--out', out, '--check');
    expect(absent).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('it is not there'),
    });
    await generate(at('page.ts'), '--out', out);
    const changed = (await readFile(out, 'utf8')).replace("describe('page", "describe('site");
    await writeFile(out, changed);
    const line = changed.split('\n').findIndex((text) => text.includes("'site")) + 1;
    const differs = await generate(at('page.ts'), '--out', out, '--check');
    expect(differs).toMatchObject({ exitCode: 1, stdout: '' });
    expect(differs.stderr).toContain(
      `${out}: it differs from line ${line} on; to make it anew: npx qemu-actors generate-tests ${at('page.ts')} --out ${out}`,
    );
    expect(await readFile(out, 'utf8')).toBe(changed);
  });

  test('--check leaves a current file as it is', async () => {
    const out = at('current.test.ts');
    await generate(at('page.ts'), '--out', out);
    const before = await stat(out);
    expect(await generate(at('page.ts'), '--out', out, '--check')).toMatchObject({ exitCode: 0 });
    expect(await stat(out)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test('writes the command into the file, with all that it was made by', async () => {
    const options = '--strategy random,races --seed 7 --walks 2 --length 3 --interrupt LOAD --max-states 9';
    const event = `{"type":"LOAD","by":"it's me"}`;
    const run = await generate(at('page.ts'), ...options.split(' '), '--interrupt', event);
    const given = `${options.replace(' --max-states 9', '')} --interrupt '${event.replace("'", "'\\''")}' --max-states 9`;
    expect(run.stdout).toContain(` *     npx qemu-actors generate-tests ${at('page.ts')} ${given}\n`);
  });

  test.each([
    ['text', /^page: 3 walks by transitions\n/],
    ['gherkin', /^Feature: page\n/],
    ['json', /^\{\n {2}"version": 1,/],
  ])('--format %s', async (format, begin) => {
    const run = await generate(at('page.ts'), '--format', format);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(begin) });
  });

  test('imports the machine as a file beside it would', async () => {
    await mkdir(at('tests'), { recursive: true });
    await write('default.js', pageMachine.replace('export const pageMachine =', 'export default'));
    await write('named-test.js', pageMachine.replace('pageMachine', 'test'));
    const imports = async (machine: string, ...args: string[]): Promise<string> => {
      const { stdout } = await generate(machine, ...args);
      return /^import (?!.*(?:vitest|qemu-actors)).*$/m.exec(stdout)?.[0] ?? stdout;
    };
    await generate(`${at('page.ts')}#pageMachine`, '--out', at('tests/page.test.ts'));
    expect(await readFile(at('tests/page.test.ts'), 'utf8')).toContain(
      `import { pageMachine } from '../page.ts';`,
    );
    expect(await imports(at('default.js'))).toMatch(/^import pageMachine from '.*\/default\.js';$/);
    expect(await imports(at('named-test.js'))).toMatch(/^import \{ test as pageMachine \} from '/);
  });

  test('without a name takes the only machine, under however many names, else the default', async () => {
    const created = `import { createMachine } from 'xstate';\nconst one = createMachine({ id: 'one' });\n`;
    await write('alias.js', `${created}export { one, one as same };`);
    await write('both.js', `${created}export { one };\nexport default createMachine({ id: 'other' });`);
    expect((await generate(at('alias.js'), '--format', 'text')).stdout).toMatch(/^one: /);
    expect((await generate(at('both.js'), '--format', 'text')).stdout).toMatch(/^other: /);
  });

  test('--adapter puts the own system into the file', async () => {
    await write('site.ts', 'throw new Error("it is not loaded");');
    const out = at('site.test.ts');
    expect(await generate(at('page.ts'), '--adapter', `${at('site.ts')}#site`, '--out', out)).toMatchObject({
      exitCode: 0,
    });
    const text = await readFile(out, 'utf8');
    expect(text).toContain(`import { site } from './site.ts';\n\nconst system = site;\n`);
    expect(text).not.toContain('liveSystem');
  });

  test('shows how far it is on a terminal, and takes it away', async () => {
    const running = startMain([
      'generate-tests',
      'domain',
      '--max-states',
      '20',
      '--out',
      at('domain.test.ts'),
    ]);
    Object.assign(running.stderr, { isTTY: true });
    expect(await running.exitCode).toBe(0);
    expect(running.stderr.text).toMatch(/^\rtransitions: \d+ states, 0 walks.\[K/);
    expect(running.stderr.text).toMatch(/\r.\[K(?:qemu-actors: .*\n)*$/);
  });

  test('ends with 130 after SIGINT, and leaves no file', async () => {
    const out = at('interrupted.test.ts');
    const running = startMain(['generate-tests', 'domain', '--strategy', 'pairs', '--out', out]);
    Object.assign(running.stderr, { isTTY: true });
    await running.stderr.until((text) => text.includes('states'));
    // As from the system: when the program lets something else happen.
    setImmediate(() => running.send('SIGINT'));
    expect(await running.exitCode).toBe(130);
    expect(running.stdout.text).toBe('');
    expect((await readdir(folder)).filter((name) => name.includes('interrupted'))).toEqual([]);
  });

  test('says what was left out', async () => {
    const run = await generate(at('page.ts'), '--max-states', '1', '--strategy', 'transitions,states');
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(/^qemu-actors: no more than 1 states were looked at.*\n$/);
  });
});

describe('--coverage', () => {
  test('prints what the walks cover when they are run, and no tests', async () => {
    const run = await generate(at('page.ts'), '--coverage');
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(/^\| coverage/);
    expect(run.stdout).toMatch(/^\| transitions +\| +4 \| +4 \| +100\.0 \|$/m);
  });

  test('with --out prints it below the line of the file', async () => {
    const run = await generate(
      at('page.ts'),
      '--out',
      at('covered.test.ts'),
      '--coverage',
      '--strategy',
      'pairs',
    );
    expect(run.stdout).toMatch(/^.*covered\.test\.ts: \d+ tests of strategy pairs\n\| coverage/);
    expect(run.stdout).toMatch(/^\| pairs +\| +5 \| +5 \| +100\.0 \|$/m);
  });

  test.each([
    ['json', /^\{"machine":"page","states":\{"covered":3/],
    ['mermaid', /^stateDiagram-v2\n/],
  ])('--coverage-format %s', async (format, begin) => {
    const run = await generate(at('page.ts'), '--coverage', '--coverage-format', format);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(begin) });
  });

  test('--min-coverage fails below it, and names what is missing', async () => {
    const walks = ['--strategy', 'transitions', '--walks', '1'];
    expect(await generate(at('page.ts'), '--min-coverage', '100')).toMatchObject({ exitCode: 0 });
    expect(await generate(at('page.ts'), ...walks, '--min-coverage', 'transitions=50')).toMatchObject({
      exitCode: 0,
    });
    const run = await generate(at('page.ts'), ...walks, '--min-coverage', 'transitions=51');
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('missing: loading: error(loader), loading: after 1000');
  });

  test('a walk that the machine itself does not walk is told, with exit code 1', async () => {
    // Its own second run is not as its first: no machine may be so, and no walk can be relied on.
    const machine = await write(
      'fickle.js',
      `import { createMachine } from 'xstate';
let asked = 0;
export const fickle = createMachine({
  id: 'fickle',
  initial: 'a',
  states: { a: { on: { GO: { target: 'b', guard: () => ++asked < 3 } } }, b: {} },
});
`,
    );
    const run = await generate(machine, '--coverage', '--strategy', 'states');
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('expected b, saw a');
  });
});

describe('--replay', () => {
  const steps = [
    { event: { type: 'LOAD' }, expected: { value: 'loading', status: 'active', effects: [] }, taken: [] },
  ];
  const start = { value: 'idle', status: 'active', effects: [] };
  const walk = { version: 1, name: 'loads', start, steps };

  test('runs a saved walk on the machine itself', async () => {
    const file = await write('walk.json', JSON.stringify(walk));
    expect(await generate(at('page.ts'), '--replay', file)).toMatchObject({
      exitCode: 0,
      stdout: `${file}: the machine does as the walk says\n`,
    });
  });

  test('runs it on the adapter, and says what is different', async () => {
    const file = await write('walk.json', JSON.stringify(walk));
    await write(
      'site.js',
      `export const site = { reset() {}, do: { LOAD() {} }, see: () => ({ value: 'idle' }) };`,
    );
    const run = await generate(at('page.ts'), '--replay', file, '--adapter', `${at('site.js')}#site`);
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toContain('loads, step 1 of 1, LOAD: expected loading, saw idle\n');
  });

  test.each([
    ['absent.json', null, 'ENOENT'],
    ['broken.json', '{', 'not JSON'],
    ['other.json', JSON.stringify({ ...walk, version: 9 }), 'version'],
  ])('%s is refused with exit code 2', async (name, text, why) => {
    if (text !== null) await write(name, text);
    const run = await generate(at('page.ts'), '--replay', at(name));
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(at(name));
    expect(run.stderr).toContain(why);
  });
});

describe('what cannot be used is refused with exit code 2, and why', () => {
  const model = (options: string, context = '{}'): string => `import { createMachine } from 'xstate';
import { createModel } from '${repository}src/model/index.ts';
const machine = createMachine({ id: 'm', context: ${context}, initial: 'a', states: { a: { on: { GO: 'b' } }, b: {} } });
export const m = createModel(machine, ${options});
`;

  test.each([
    ['a file that is not there', 'absent.ts', null, 'absent.ts: there is no such file'],
    ['a folder', '.', null, 'it is no file'],
    [
      'an export that is not there',
      'page.ts#cart',
      pageMachine,
      "does not export 'cart'; its machines are pageMachine",
    ],
    [
      'a number',
      'n.js#n',
      `export const n = 1;`,
      "'n' is a number, and no machine; it exports no machine, only n",
    ],
    [
      'an actor',
      'actor.js#a',
      `import { createActor, createMachine } from 'xstate';
export const a = createActor(createMachine({}));`,
      "'a' is an actor",
    ],
    [
      'a file without machines',
      'none.js',
      `export const n = 1, f = () => {};`,
      'it exports no machine, only f, n',
    ],
    [
      'several machines',
      'two.js',
      `import { createMachine } from 'xstate';
export const a = createMachine({}), b = createMachine({});`,
      'its machines are a, b: say which, as ',
    ],
    ['broken TypeScript', 'broken.ts', `export const a = {\n  b: ;\n};`, /broken\.ts:2:5: /],
    ['a file that throws', 'throws.ts', `throw new Error('boom');`, /boom \(.*throws\.ts:1:7\)/],
    ['a missing import', 'import.js', `import 'not-there';`, 'not-there'],
    [
      'a context without end',
      'context.js',
      model('{}', '{ socket: { write() {} } }'),
      'context.socket.write is a function',
    ],
    [
      'examples without end',
      'endless.js',
      model('{ events: { GO: (function* () { for (;;) yield {}; })() } }'),
      'events.GO has more than 1000 examples',
    ],
    [
      'an event that is no data',
      'data.js',
      model('{ events: { GO: [{ save() {} }] } }'),
      'GO: event.save is a function',
    ],
    [
      'input that is missing',
      'input.js',
      `import { createMachine } from 'xstate';
export const m = createMachine({ context: ({ input }) => ({ name: input.name }) });`,
      'input',
    ],
  ])('%s', async (_, machine, text, why) => {
    const [name = ''] = machine.split('#');
    if (text !== null) await write(name, text);
    const run = await generate(at(machine));
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(why);
    expect(run.stderr).toMatch(/^qemu-actors: .*\n$/);
  });

  test.each([
    [['domian'], 'no such file, and no package of that name'],
    [['page.ts', '--strategy', 'all'], "no strategy 'all'; known are states, transitions"],
    [['page.ts', '--strategy', 'races'], '--interrupt EVENT'],
    [['page.ts', '--interrupt', '{"by":1}'], 'must have a type'],
    [['page.ts', '--interrupt', '{'], 'not JSON'],
    [['page.ts', '--check'], '--check needs --out'],
    [['page.ts', '--min-coverage', '101'], 'must be a percentage'],
    [['page.ts', '--min-coverage', 'branches=1'], 'must be a percentage'],
    [['page.ts', '--walks', '0'], 'integer'],
    [['page.ts', '--out', 'absent/page.test.ts'], 'it cannot be written: ENOENT'],
    [['page.ts', '--adapter', 'absent.ts#site'], 'absent.ts: there is no such file'],
    [['page.ts', '--replay', 'walk.json', '--check'], 'cannot be used with'],
    [[], "missing required argument 'machine'"],
  ])('%j', async (args, why) => {
    const run = await generate(...args.map((word) => (/^(?:page|absent|walk)/.test(word) ? at(word) : word)));
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(why);
  });

  test('TypeScript, where tsx is not installed', async () => {
    vi.doMock('tsx/esm/api', () => {
      throw new Error('there is no such package');
    });
    onTestFinished(() => void vi.doUnmock('tsx/esm/api'));
    const run = await generate(at('page.ts'));
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/page\.ts: TypeScript is loaded by tsx, which is not there: npm i -D tsx\n$/);
  });

  test('with --format json an error is a line of JSON too, with the code of what it was', async () => {
    await write('context.js', model('{}', '{ socket: { write() {} } }'));
    const run = await generate(at('context.js'), '--format', 'json');
    expect(run.json()).toEqual([
      { kind: 'error', code: 'ERR_UNSERIALISABLE', message: expect.stringContaining('context.socket.write') },
    ]);
  });
});

describe('a package', () => {
  test('is found from the folder that one is in, as import finds it', async () => {
    await using running = await startProcess(
      process.execPath,
      [main, 'generate-tests', '@someone/machines/light', '--format', 'text'],
      { cwd: folder },
    );
    expect(await running.exited).toMatchObject({ code: 0 });
    expect(running.stdout()).toMatch(/^light: 3 walks by transitions\n/);
  });
});
