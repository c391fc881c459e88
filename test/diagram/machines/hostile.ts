/** Names that mean something to a format, or to JavaScript, or that no format can hold: each must come through as text. */
import { createMachine } from 'xstate';

/** Words of the formats. */
const WORDS = [
  ...[
    'state',
    'end',
    'end note',
    'note',
    'as',
    'fork',
    'join',
    'choice',
    'direction',
    'hide',
    'scale',
    'title',
  ],
  ...[
    'class',
    'classDef',
    'style',
    'click',
    'default',
    'accTitle',
    'stateDiagram',
    '[*]',
    '[H]',
    '--',
    '-->',
  ],
  ...[
    'graph',
    'digraph',
    'subgraph',
    'node',
    'edge',
    'strict',
    'root',
    'left',
    'skinparam',
    '@enduml',
    'any_',
  ],
];
/** Names of what every object has; `__proto__` itself is no name for XState. */
const INHERITED = ['constructor', 'toString', 'hasOwnProperty', 'valueOf'];
const ODD = [
  ...[
    '',
    ' ',
    '0',
    'a.b',
    'a\\',
    '\\',
    '\\n',
    '_',
    '__',
    's_end',
    '"',
    "'",
    '`x`',
    'a\nb',
    'a\r\n\tb',
    '\u2028',
  ],
  ...[
    '#',
    '#35;',
    ';',
    ':',
    '::',
    '%%',
    '%{init}%',
    '<',
    '>',
    '<b>x</b>',
    '</svg>',
    '<!--',
    ']]>',
    '&',
    '&amp;',
  ],
  ...[
    '{',
    '}',
    '{}',
    '[',
    ']',
    '|',
    '~~',
    '**x**',
    '//',
    "''x",
    '!include',
    '$x',
    '\\N',
    '\u0000',
    '\u001b[31m',
  ],
  ...['\u007f', '\ud800', 'x\udfff', '\ufffe', '\u202eabc', 'שלום', '🂡', 'é', '𝕏'],
];
const names = [...WORDS, ...INHERITED, ...ODD];

/** Each of the names is a state with a state in it, an event, a guard and an action. */
export const hostile = createMachine({
  id: '"; <!-- hostile --> %% \u0000',
  initial: 'state',
  states: Object.fromEntries(
    names.map((name, at) => [
      name,
      {
        ...(at === 0 ? { id: 'first' } : {}),
        initial: 'inner',
        states: { inner: {} },
        on: {
          [name === '' ? '-' : name]: {
            target: '#first',
            guard: name,
            actions: name,
          },
          [`${name}!`]: { actions: name },
        },
      },
    ]),
  ),
});
