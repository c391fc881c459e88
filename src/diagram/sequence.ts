/** Who said what to whom, in order: a sequence diagram, for Mermaid. */

import { escapeMermaid } from './text.ts';

/** As plain JSON. */
export interface Sequence {
  readonly title: string;
  /** From left to right. */
  readonly participants: readonly string[];
  readonly rows: readonly SequenceRow[];
  /** Rows after these, which are not drawn. */
  readonly left: number;
}

export type SequenceRow =
  /** `isAnswer`: drawn with a broken line. `from` and `to` may be the same. */
  | {
      readonly kind: 'message';
      readonly from: string;
      readonly to: string;
      readonly text: string;
      readonly isAnswer?: true;
    }
  | { readonly kind: 'note'; readonly over: string; readonly text: string }
  /** Across all: what follows belongs together. */
  | { readonly kind: 'divider'; readonly text: string };

/** Collects rows; who never speaks is left out. */
export class SequenceBuilder {
  readonly #title: string;
  readonly #order: readonly string[];
  readonly #limit: number;
  readonly #rows: SequenceRow[] = [];
  readonly #seen = new Set<string>();
  #left = 0;

  /** @param order - all participants that there may be; others stand right of them */
  constructor(title: string, order: readonly string[], limit: number) {
    this.#title = title;
    this.#order = order;
    this.#limit = limit;
  }

  message(from: string, to: string, text: string): void {
    this.#add({ kind: 'message', from, to, text }, from, to);
  }

  answer(from: string, to: string, text: string): void {
    this.#add({ kind: 'message', from, to, text, isAnswer: true }, from, to);
  }

  note(over: string, text: string): void {
    this.#add({ kind: 'note', over, text }, over);
  }

  divider(text: string): void {
    this.#add({ kind: 'divider', text });
  }

  #add(row: SequenceRow, ...participants: readonly string[]): void {
    if (this.#rows.length >= this.#limit) {
      this.#left += 1;
      return;
    }
    for (const participant of participants) this.#seen.add(participant);
    this.#rows.push(row);
  }

  build(): Sequence {
    const known = this.#order.filter((one) => this.#seen.has(one));
    const others = [...this.#seen].filter((one) => !this.#order.includes(one));
    return { title: this.#title, participants: [...known, ...others], rows: this.#rows, left: this.#left };
  }
}

/** A `sequenceDiagram` of Mermaid 11. */
export function sequenceToMermaid({ title, participants, rows, left }: Sequence): string {
  const ids = new Map(participants.map((name, at) => [name, `p${at}`]));
  const idOf = (name: string): string => ids.get(name) ?? escaped(name);
  const all = [idOf(participants[0] ?? ''), idOf(participants.at(-1) ?? '')].join(',');
  const draw = (row: SequenceRow): string => {
    switch (row.kind) {
      case 'message':
        return `${idOf(row.from)}${row.isAnswer === true ? '-->>' : '->>'}${idOf(row.to)}: ${escaped(row.text)}`;
      case 'note':
        return `Note over ${idOf(row.over)}: ${escaped(row.text)}`;
      case 'divider':
        return `Note over ${all}: ${escaped(row.text)}`;
    }
  };
  const lines = [
    `title ${escaped(title)}`,
    ...participants.map((name) => `participant ${idOf(name)} as ${escaped(name)}`),
    ...(participants.length === 0 ? [] : rows.map(draw)),
    ...(left === 0 || participants.length === 0 ? [] : [`Note over ${all}: … and ${left} more`]),
  ];
  return `sequenceDiagram\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** An empty text has no place there. */
const escaped = (text: string): string => escapeMermaid(text).trim() || '–';
