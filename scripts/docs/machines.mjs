// A page for each machine: its picture, its states, events, guards and actions as tables.

import { readdirSync, readFileSync } from 'node:fs';
import { code, GENERATED, page, table } from './text.mjs';
import { commentsIn } from './types.mjs';

/** @typedef {import('../../src/diagram/index.ts').Diagram} Diagram */
/** @typedef {import('../../src/diagram/index.ts').DiagramState} State */
/** @typedef {import('../../src/diagram/index.ts').DiagramTransition} Transition */

/**
 * @param {string} root
 * @param {string} name - of the page; the machine is `machines/NAME-machine.ts`
 * @param {Diagram} diagram
 * @param {string} mermaid - the same in short
 */
export function machinePage(root, name, diagram, mermaid) {
  const path = `src/machines/${name}-machine.ts`;
  const states = statesOf(diagram.root);
  const files = readdirSync(`${root}src/machines`)
    .filter((file) => file.startsWith(`${name}-`))
    .map((file) => `${root}src/machines/${file}`);
  return page(
    GENERATED,
    `# The ${name} machine`,
    `From \`${path}\`. What each state means stands there; how an action is done, in its \`setup\`.`,
    purposeOf(readFileSync(`${root}${path}`, 'utf8')),
    '## Diagram',
    'Transitions to another state. What an event does without leaving its state is in the tables. A state in a state hands on what it does not answer itself.',
    `![The states of the ${name} machine](${name}.svg)`,
    `The same for a page that draws Mermaid (\`npx qemu-actors diagram ${name}\`):`,
    `\`\`\`mermaid\n${mermaid.trimEnd()}\n\`\`\``,
    '## States',
    ...states.flatMap((state) => section(state, diagram)),
    '## Guards',
    described(
      diagram.transitions.flatMap(({ guard }) => guard ?? []),
      commentsIn(files, 'guards'),
    ),
    '## Actions',
    described(
      [
        ...states.flatMap(({ entry, exit }) => [...entry, ...exit]),
        ...diagram.transitions.flatMap(({ actions }) => actions),
      ],
      commentsIn(files, 'actions'),
    ),
  );
}

/** The comment at the head of the file. @param {string} text */
function purposeOf(text) {
  const comment = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1] ?? '';
  return comment
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''))
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
}

/** @param {State} state @returns {State[]} */
const statesOf = (state) => [state, ...state.states.flatMap(statesOf)];

/** @param {State} state @param {Diagram} diagram */
function section(state, { transitions }) {
  const own = transitions.filter(({ source }) => source === state.path);
  const facts = [
    state.tags.length > 0 ? `Tags: ${state.tags.map(code).join(', ')}.` : '',
    state.initial.length > 0 ? `Begins in ${state.initial.map(code).join(', ')}.` : '',
    state.entry.length > 0 ? `On entry: ${state.entry.map(code).join(', ')}.` : '',
    state.exit.length > 0 ? `On exit: ${state.exit.map(code).join(', ')}.` : '',
    state.invokes.length > 0
      ? `Runs ${state.invokes.map(({ id }) => code(id)).join(', ')} while it lasts.`
      : '',
    state.type === 'final' ? 'The end.' : '',
  ].filter((fact) => fact !== '');
  if (own.length === 0 && state.path === '') return [];
  const title = state.path === '' ? 'Any state that does not answer itself' : code(state.path);
  return [
    `### ${title}`,
    facts.length > 0 ? facts.join(' ') : null,
    own.length === 0
      ? null
      : table(
          ['event', 'guard', 'to', 'actions'],
          own.map(({ event, guard, targets, actions }) => [
            code(event),
            guard === null ? '' : code(guard),
            targets.map(code).join(', '),
            actions.map(code).join(', '),
          ]),
        ),
  ];
}

/**
 * Names in order, each with its comment.
 *
 * @param {string[]} names
 * @param {Map<string, string>} comments
 */
function described(names, comments) {
  const all = [...new Set(names.map((name) => name.replace(/\(.*$/, '')))]
    .filter((name) => name !== '')
    .sort();
  const line = (/** @type {string} */ name) => {
    const comment = comments.get(name) ?? '';
    return comment === '' ? `- ${code(name)}` : `- ${code(name)}: ${comment}`;
  };
  return all.length === 0 ? 'None.' : all.map(line).join('\n');
}
