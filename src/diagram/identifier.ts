/** Names of states as every format takes them. */

/** Stands for any state: where transitions of the machine itself begin. No state is named so. */
export const ANYWHERE = 'any_';

/**
 * Letters, digits and `_` only, unique: what else there is becomes its number. Never empty, a digit is not the first;
 * neither a word of a format nor a name that every object of JavaScript has.
 *
 * @example `active.running` → `active__running`
 */
export function identifier(path: string): string {
  const text = path.replace(/[^A-Za-z0-9]/g, (character) =>
    character === '.' ? '__' : `_${(character.codePointAt(0) as number).toString(16)}_`,
  );
  const isFree = /^[A-Za-z]/.test(text) && !RESERVED.has(text.toLowerCase()) && !(text in Object.prototype);
  return isFree ? text : `s_${text}`;
}

/** Words that mean something to Mermaid, DOT or PlantUML. */
const RESERVED = new Set([
  ...[
    'state',
    'end',
    'note',
    'as',
    'fork',
    'join',
    'choice',
    'direction',
    'hide',
    'scale',
    'title',
    'left',
    'right',
  ],
  ...['class', 'classdef', 'style', 'click', 'default', 'acctitle', 'accdescr', 'statediagram'],
  ...['graph', 'digraph', 'subgraph', 'node', 'edge', 'strict', 'root'],
]);
