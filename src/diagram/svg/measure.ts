/** How much room text takes. What is drawn is told its width, so that no font makes it wider. */

/** Pixels. */
export const SIZES = { title: 13, text: 11, lineHeight: 15 } as const;

/** Longer lines are broken at a space, or where there is none, anywhere. */
const MAX_CHARACTERS = 30;

/** As wide as in a common sans-serif font, in parts of its size. */
function widthOf(character: string): number {
  if (/\p{M}/u.test(character)) return 0;
  if ((character.codePointAt(0) as number) >= 0x2e80) return 1;
  if (/[iljtfI.,:;'|!()[\]/ ]/.test(character)) return 0.31;
  if (/[mwMW@%…→]/.test(character)) return 0.87;
  return /[A-Z_&#+<=>~]/.test(character) ? 0.66 : 0.55;
}

/** Pixels. */
export const textWidth = (text: string, size: number): number =>
  Math.ceil([...text].reduce((sum, character) => sum + widthOf(character), 0) * size);

/** Bold letters are so much wider. */
const BOLD = 1.1;

/** Of a name, which is bold. Pixels. */
export const nameWidth = (text: string): number => textWidth(text, SIZES.title * BOLD);

/** Of a heading between rows, which is bold and of the size of text. Pixels. */
export const headingWidth = (text: string): number => textWidth(text, SIZES.text * BOLD);

/** @returns the text in lines, none of them empty but for an empty text */
export function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/)) {
    for (const part of word.match(PIECE) ?? ['']) {
      const longer = line === '' ? part : `${line} ${part}`;
      if (line !== '' && longer.length > MAX_CHARACTERS) {
        lines.push(line);
        line = part;
      } else line = longer;
    }
  }
  return [...lines, line];
}

const PIECE = new RegExp(`.{1,${MAX_CHARACTERS}}`, 'gsu');
