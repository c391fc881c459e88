/** `diagram` (docs/cli.md). */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { monitorMachine } from '../../../src/machines/index.ts';
import { createModel, writeWalk } from '../../../src/model/index.ts';
import { runMain } from './in-process.ts';

const recording = fileURLToPath(new URL('../../data/golden/guest-mac-change.qmp.jsonl', import.meta.url));
const orderMachine = fileURLToPath(new URL('../../../examples/order-machine.mjs', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'diagram-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const diagram = (...args: string[]) => runMain(['diagram', ...args]);

async function write(name: string, text: string): Promise<string> {
  await writeFile(at(name), text);
  return at(name);
}

describe('diagram', () => {
  test.each([
    ['mermaid', /^stateDiagram-v2\n/],
    ['dot', /^digraph "monitor" \{\n/],
    ['plantuml', /^@startuml\n[\s\S]*@enduml\n$/],
    ['svg', /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [\s\S]*<\/svg>\n$/],
    ['scxml', /^<\?xml version="1.0" encoding="UTF-8"\?>\n<scxml /],
    ['json', /^\{\n {2}"id": "monitor",/],
  ])('draws one of ours as %s', async (format, expected) => {
    const run = await diagram('monitor', '--format', format);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(expected);
  });

  test('draws each of ours, and Mermaid without a format', async () => {
    for (const name of ['domain', 'monitor', 'process-event', 'qemu-job'])
      expect(await diagram(name), name).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^stateDiagram-v2\n/),
      });
  });

  test('draws what a file exports, by its name or the only one', async () => {
    const run = await diagram(orderMachine, '--format', 'json');
    expect(JSON.parse(run.stdout)).toMatchObject({ id: 'order' });
    expect(await diagram(`${orderMachine}#orderMachine`, '--format', 'json')).toMatchObject({
      stdout: run.stdout,
    });
  });

  test('the options choose what is drawn', async () => {
    const brief = await diagram('domain');
    const full = await diagram('domain', '--detail', 'full');
    expect(brief.stdout).not.toContain('emitSuspended');
    expect(full.stdout).toContain('emitSuspended');
    const shallow = await diagram('domain', '--depth', '1');
    expect(shallow.stdout).toContain('state "active …" as active\n');
    expect(shallow.stdout).not.toContain('running"');
    const reachable = await diagram('monitor', '--from', 'closed');
    expect(reachable.stdout).not.toContain('linked');
    const kept = await diagram('domain', '--detail', 'full', '--hide-ignored', 'countIgnored');
    expect(full.stdout).toContain('countIgnored');
    expect(kept.stdout).not.toMatch(/\/ countIgnored$/m);
  });

  test('--active lets states stand out', async () => {
    const run = await diagram('domain', '--active', 'active', 'active.paused');
    expect(run.stdout).toMatch(/^ {2}class active,active__paused active$/m);
  });

  test('--walk lets a saved walk stand out, with the numbers of its steps', async () => {
    const [walk] = createModel(monitorMachine).walks('states').walks.slice(-1);
    if (walk === undefined) throw new Error('no walk');
    const run = await diagram('monitor', '--walk', await write('walk.json', writeWalk(walk)));
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain('(1');
    expect(run.stdout).toMatch(/^ {2}class .* path$/m);
  });

  test('--coverage paints what generate-tests printed', async () => {
    const covered = await runMain([
      ...['generate-tests', 'qemu-job', '--strategy', 'states'],
      ...['--coverage', '--coverage-format', 'json'],
    ]);
    const run = await diagram('qemu-job', '--coverage', await write('coverage.json', covered.stdout));
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain(' ×)');
    expect(run.stdout).toMatch(/^ {2}class .* covered$/m);
  });

  test('--out writes the file, which --check takes for current', async () => {
    const file = at('domain.svg');
    expect(await diagram('domain', '--format', 'svg', '--out', file)).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
    expect(await diagram('domain', '--format', 'svg', '--check', file)).toMatchObject({
      exitCode: 0,
      stdout: `${file}: current\n`,
      stderr: '',
    });
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('--check says from which line on a file is not current, writes nothing, and ends with 1', async () => {
    const file = await write('old.mmd', 'stateDiagram-v2\n  [*] --> x\n');
    const run = await diagram('monitor', '--check', file);
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toBe(
      `qemu-actors: ${file}: it differs from line 2 on; write it anew with --out ${file}\n`,
    );
    expect(await readFile(file, 'utf8')).toBe('stateDiagram-v2\n  [*] --> x\n');
    expect(await diagram('monitor', '--check', at('none.mmd'))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('it is not there'),
    });
  });

  test('--sequence draws who said what in a recording', async () => {
    const run = await diagram('--sequence', recording);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(/^sequenceDiagram\n {2}title guest changes its MAC/);
    expect(run.stdout).toContain('NIC_RX_FILTER_CHANGED');
    const svg = await diagram('--sequence', recording, '--format', 'svg', '--theme', 'dark');
    expect(svg.stdout).toMatch(/^<svg .*class="statechart sequence">/);
  });

  test('--sequence draws a trace of simulate', async () => {
    const trace = at('trace.jsonl');
    await runMain(['simulate', '--seed', '7', '--domains', '2', '--steps', '400', '--trace', trace]);
    const run = await diagram('--sequence', trace);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain('participant p2 as d0');
  });

  test.each<readonly [string, readonly string[], string]>([
    ['neither a machine nor a sequence', [], 'a machine, or --sequence FILE: one of them'],
    ['both', ['domain', '--sequence', recording], 'a machine, or --sequence FILE: one of them'],
    ['--out with --check', ['domain', '--out', 'a', '--check', 'b'], '--out and --check'],
    ['a format that there is not', ['domain', '--format', 'png'], "'png' is invalid"],
    ['no depth', ['domain', '--depth', '0'], 'It must be an integer from 1 to 1000.'],
    ['a sequence as DOT', ['--sequence', recording, '--format', 'dot'], 'drawn as mermaid or svg, not dot'],
    ['two kinds of marks', ['domain', '--active', 'active', '--walk', 'x'], 'one of them'],
    ['a state to start from that there is not', ['domain', '--from', 'on'], "domain has no state 'on'"],
    ['an active state that there is not', ['domain', '--active', 'on'], "domain has no state 'on'"],
    ['a machine that there is not', ['nobody'], 'nobody: there is no such file'],
    ['a sequence that is not there', ['--sequence', '/nowhere.jsonl'], '/nowhere.jsonl: ENOENT'],
    ['a walk that is not there', ['domain', '--walk', '/nowhere.json'], '/nowhere.json: ENOENT'],
  ])('%s has exit code 2, and says so', async (_, args, message) => {
    const run = await diagram(...args);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(message);
  });

  test('a file that is not what it should be has exit code 2, with its name', async () => {
    const odd = await write('odd.json', '{"step":1,"pass":5}\n{"step"');
    expect(await diagram('--sequence', odd)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`${odd}:2: not JSON`),
    });
    expect(await diagram('domain', '--walk', odd)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`${odd}: the walk cannot be read`),
    });
    const noCoverage = await write('none.json', '{"states":{}}');
    expect(await diagram('domain', '--coverage', noCoverage)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`${noCoverage}: states.items: `),
    });
  });
});
