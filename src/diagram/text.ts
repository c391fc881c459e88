/** Text that any format can hold. */

/** Control characters, but for tab and line ends, and halves of characters become U+FFFD. */
export const printable = (text: string): string =>
  text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are replaced
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/g, '\ufffd');

/** As Mermaid says that texts are written: what it would take for its own by number. */
export const escapeMermaid = (text: string): string =>
  oneLine(text)
    .replace(/[#;:"<>{}\\%&]/g, (found) => `#${found.codePointAt(0)};`)
    // It would end a note, wherever it stands.
    .replaceAll('end note', 'end#32;note');

/** {@link printable}, in one line. */
export const oneLine = (text: string): string => printable(text.replace(/[\s\u0085]+/g, ' '));
