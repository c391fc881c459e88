/** Options and arguments that several commands have. */
import { InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../errors.ts';
import { type DomainEventId, domainEvents } from '../events/domain-events.ts';
import { parseAddress } from '../qmp/address.ts';
import { formats } from './output.ts';

const address = (text: string): string => {
  try {
    parseAddress(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
};

export const formatOption = (): Option =>
  new Option('--format <format>', 'how the lines look').choices(formats).default('text');

/** One monitor. */
export const qmpOption = (): Option =>
  new Option('--qmp <socket>', "QEMU's monitor: path of a unix socket, or host:port")
    .argParser(address)
    .makeOptionMandatory();

/** Several, repeated or one after the other. */
export const qmpsOption = (): Option =>
  new Option('--qmp <socket...>', "QEMU's monitor: path of a unix socket, or host:port; several are fine")
    .argParser((text: string, before: string[] | undefined) => [...(before ?? []), address(text)])
    .makeOptionMandatory();

export const eventsOption = (): Option =>
  new Option(
    '--events <ids>',
    `print these domain events only: ${Object.keys(domainEvents).join(', ')}`,
  ).argParser((text: string): DomainEventId[] => {
    const ids = text.split(',').map((id) => id.trim());
    for (const id of ids)
      if (!Object.hasOwn(domainEvents, id))
        throw new InvalidArgumentError(
          `There is no domain event '${id}'; known are ${Object.keys(domainEvents).join(', ')}.`,
        );
    return ids as DomainEventId[];
  });

export const configOption = (): Option =>
  new Option('--config <file>', 'what QEMU does not tell of a domain: JSON, one object or a list');

export const hostOption = (): Option =>
  new Option('--host <what>', "how the host follows its guests' receive filters")
    .choices(['dry-run', 'apply', 'off'])
    .default('dry-run');

/** A million seconds are eleven days; timers cannot do much more. */
const MAX_SECONDS = 1_000_000;

export const timeoutOption = (what: string): Option =>
  new Option('--timeout <seconds>', what).argParser((text: string): number => {
    const seconds = text.trim() === '' ? Number.NaN : Number(text);
    if (!(seconds > 0 && seconds <= MAX_SECONDS))
      throw new InvalidArgumentError(`It must be a number of seconds above 0, at most ${MAX_SECONDS}.`);
    return seconds;
  });

/** Examples at the end of a command's help. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ qemu-actors ${line}`).join('\n')}\n`;
