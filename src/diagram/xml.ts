/** Text in XML. */
import { printable } from './text.ts';

/** For text and for attributes. Characters that XML 1.0 does not know become U+FFFD. */
export const escapeXml = (text: string): string =>
  printable(text).replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.codePointAt(0)};`);
