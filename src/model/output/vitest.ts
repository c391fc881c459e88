/** Walks as a test file of vitest. */
import type { Expectation, Walk } from '../walk.ts';
import { count, eventOf, type PlannedWalks, placeIn } from './planned.ts';
import { placeOf } from './refuse.ts';
import { quoted, toSource, WIDTH } from './source.ts';

/** How the file comes to what it tests. */
export interface VitestSubject {
  /** Import statements. */
  readonly imports: readonly string[];
  /** An expression that makes the system under test, as `liveSystem(createModel(orderMachine))`. */
  readonly system: string;
  /** The system is the user's own, so nothing is said of where it goes. */
  readonly isOwn?: boolean;
  /** The command that makes the file anew. */
  readonly command: string;
}

/**
 * A test a walk, a `describe` a strategy. The same walks give the same text, laid out as biome does with lines of 110
 * characters.
 *
 * @throws ModelError `ERR_UNSERIALISABLE` if an event cannot be written as code; it names the event and the place
 */
export function toVitest(machine: string, planned: readonly PlannedWalks[], subject: VitestSubject): string {
  const groups = planned.map(({ strategy, walks }) => {
    // Vitest takes a group without tests for a mistake.
    const tests = walks.length === 0 ? ["  test.todo('has no walks');\n"] : walks.map(testOf);
    return `\ndescribe(${quoted(`${machine} by ${strategy}`)}, () => {\n${tests.join('\n')}});\n`;
  });
  return `${header(machine, planned, subject)}${importsOf(subject)}\n${systemOf(subject)}${groups.join('')}`;
}

function header(machine: string, planned: readonly PlannedWalks[], { command }: VitestSubject): string {
  const told = planned.map(({ strategy, walks }) => `${count(walks.length, 'walk')} by ${strategy}`);
  const lines = [
    `Tests of ${machine}, made from its machine: ${told.join(', ')}.`,
    '',
    'This file is generated. To make it anew:',
    '',
    `    ${command}`,
  ];
  return `/**\n${lines.map((line) => ` * ${line.replaceAll('*/', '* /')}`.trimEnd()).join('\n')}\n */\n`;
}

/** Packages first, then files; each by name. */
function importsOf({ imports, system }: VitestSubject): string {
  const names = ['createModel', 'liveSystem', 'runWalk'].filter(
    (name) => name === 'runWalk' || system.includes(`${name}(`),
  );
  const all = [
    ...imports,
    `import { ${names.join(', ')} } from 'qemu-actors/model';`,
    "import { describe, test } from 'vitest';",
  ];
  const key = (statement: string): string => {
    const from = /['"]([^'"]*)['"];$/.exec(statement)?.[1] ?? '';
    return `${from.startsWith('.') ? 1 : 0}${from}`;
  };
  return `${all.sort((one, other) => (key(one) < key(other) ? -1 : 1)).join('\n')}\n`;
}

function systemOf({ system, isOwn }: VitestSubject): string {
  const said = [
    '// Your own adapter goes here; `--adapter FILE.ts#export` writes it into this file. Until then the tests are run on the',
    '// machine itself: a live actor, whose time passes and whose actors come to results as the walks say.',
  ];
  return `${isOwn === true ? '' : `${said.join('\n')}\n`}const system = ${system};\n`;
}

function testOf(walk: Walk): string {
  const { name, start } = walk;
  const place = placeOf(`walk '${name}'`, 'start');
  return [
    `  test(${quoted(name)}, async () => {`,
    '    await runWalk(system, {',
    `      start: ${toSource(expectedOf(start), place, '      ', '      start: '.length)},`,
    `      steps: ${stepsOf(walk)},`,
    '    });',
    '  });\n',
  ].join('\n');
}

function stepsOf(walk: Walk): string {
  const lines = walk.steps.map((step) => {
    const { afterMs, expected } = step;
    const code = {
      event: eventOf(step),
      ...(afterMs === undefined ? {} : { afterMs }),
      expected: expectedOf(expected),
    };
    return toSource(code, placeIn(walk, step, ''), '        ', '        '.length);
  });
  const one = `      steps: [${lines.join('')}],`;
  if (lines.length < 2 && one.length <= WIDTH && !one.includes('\n')) return `[${lines.join('')}]`;
  return `[\n${lines.map((line) => `        ${line},\n`).join('')}      ]`;
}

const expectedOf = ({ value, status, effects }: Expectation): object => ({
  value,
  ...(status === 'active' ? {} : { status }),
  ...(effects.length === 0 ? {} : { effects }),
});
