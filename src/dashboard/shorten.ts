/** Names come from QEMU and its guest: what is kept of each is bounded. */

const MAX_NAME_LENGTH = 200;

export const shorten = (text: string): string =>
  text.length > MAX_NAME_LENGTH ? `${text.slice(0, MAX_NAME_LENGTH - 1)}…` : text;
