import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as smcat from 'state-machine-cat';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statesOf } from '../../src/diagram/graph.ts';
import { identifier } from '../../src/diagram/identifier.ts';
import {
  type Diagram,
  type DiagramState,
  diagramOf,
  sequenceToSvg,
  toDot,
  toPlantUml,
  toScxml,
  toSvg,
} from '../../src/diagram/index.ts';
import { domainMachine } from '../../src/machines/index.ts';
import { describeWith } from '../support/needs.ts';
import { machines } from './machines/index.ts';

const DETAILS = ['brief', 'full'] as const;

/** Without the machine itself. */
const statesIn = ({ root }: Diagram): DiagramState[] => statesOf(root).slice(1);

interface Ended {
  readonly status: number | null;
  readonly said: string;
  readonly stdout: string;
}

function run(command: string, args: readonly string[], input?: string): Ended {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', input });
  return { status, stdout, said: `${stdout}${stderr}` };
}

describeWith(['tools'], 'what is drawn is read by programs of others', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(`${tmpdir()}/diagrams-`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const written = (name: string, text: string): string => {
    writeFileSync(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  };

  describe.each(DETAILS)('%s', (detail) => {
    test.each(machines)("Graphviz's dot draws $name with a node for each of its states", ({ machine }) => {
      const diagram = diagramOf(machine);
      const { status, said, stdout } = run('dot', ['-Tplain'], toDot(machine, { detail }));
      expect({ status, said: said.slice(stdout.length) }).toEqual({ status: 0, said: '' });
      const nodes = stdout.split('\n').filter((line) => line.startsWith('node '));
      const isDrawn = (line: string): boolean => !/^node (start_|any_ )/.test(line);
      expect(nodes.filter(isDrawn)).toHaveLength(statesIn(diagram).length);
    });
  });

  test('PlantUML accepts all of them', () => {
    const files = machines.flatMap(({ machine }, at) =>
      DETAILS.map((detail) => written(`${at}-${detail}.puml`, toPlantUml(machine, { detail }))),
    );
    expect(run('plantuml', ['-checkonly', ...files])).toMatchObject({ status: 0, said: '' });
  });

  test('PlantUML takes what is drawn for states, and refuses the same with a line that is none', () => {
    const text = toPlantUml(domainMachine);
    expect(run('plantuml', ['-syntax'], text).said).toMatch(/^STATE\n/);
    expect(run('plantuml', ['-syntax'], text.replace('@enduml', 'no line\n@enduml')).said).toMatch(
      /^ERROR\n/,
    );
  });

  test('SCXML and SVG of all are well-formed XML', async () => {
    const files: string[] = [];
    for (const [at, { machine }] of machines.entries()) {
      files.push(written(`${at}.scxml`, toScxml(machine)));
      files.push(written(`${at}.svg`, await toSvg(machine, { direction: 'down', detail: 'brief' })));
    }
    const rows = [{ kind: 'message', from: '<a>', to: '"&\u0000', text: ']]>\ud800' }] as const;
    const sequence = { title: '<!-- \u001b', participants: ['<a>', '"&\u0000'], rows, left: 1 };
    files.push(written('sequence.svg', sequenceToSvg(sequence)));
    expect(run('xmllint', ['--noout', ...files])).toMatchObject({ status: 0, said: '' });
  });
});

/** As state-machine-cat gives it. */
interface CatMachine {
  readonly states: readonly { readonly name: string; readonly statemachine?: CatMachine }[];
  readonly transitions?: readonly { readonly from: string; readonly to: string }[];
}

const levelsOf = (machine: CatMachine): CatMachine[] => [
  machine,
  ...machine.states.flatMap(({ statemachine }) => (statemachine === undefined ? [] : levelsOf(statemachine))),
];

/** It adds a state for each beginning, and the machine itself may be a state. */
const isOurs = (name: string): boolean => !/(^|\.)initial$/.test(name) && name !== 'root_';

describe('state-machine-cat reads the SCXML', () => {
  test.each(machines)('$name: the same states and transitions', async ({ machine }) => {
    const options = { inputType: 'scxml', outputType: 'json' } as const;
    const read = levelsOf((await smcat.render(toScxml(machine), options)) as unknown as CatMachine);
    const diagram = diagramOf(machine);
    const idOf = (path: string): string => (path === '' ? 'root_' : identifier(path));

    const states = read.flatMap((level) => level.states.map(({ name }) => name)).filter(isOurs);
    expect(states.sort()).toEqual(
      statesIn(diagram)
        .map(({ path }) => identifier(path))
        .sort(),
    );
    const transitions = read
      .flatMap((level) => level.transitions ?? [])
      .filter(({ from }) => !/(^|\.)initial$/.test(from))
      .map(({ from, to }) => `${from} → ${to}`);
    // It draws what leaves no state as an arrow to itself.
    const expected = diagram.transitions.map(
      ({ source, targets }) => `${idOf(source)} → ${targets.map(idOf).join(' ') || idOf(source)}`,
    );
    expect(transitions.sort()).toEqual(expected.sort());
  });
});
