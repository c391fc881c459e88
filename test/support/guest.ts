/** The small Linux guest of `scripts/build-guest.sh`, and its command channel. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Qemu, type QemuOptions, startQemu } from './qemu.ts';
import { within } from './within.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
}

/** The image, or why there is none. Building is left to the script, since it downloads. */
export function guestImage(): GuestImage | string {
  const directory = `${root}.guest/current`;
  const image = { kernel: `${directory}/vmlinuz`, initrd: `${directory}/initramfs.gz` };
  if (!existsSync(image.kernel) || !existsSync(image.initrd)) {
    return 'the test guest is not built: run scripts/build-guest.sh (Debian)';
  }
  const recipe = createHash('sha256');
  for (const file of ['build-guest.sh', 'guest-init.sh'])
    recipe.update(readFileSync(`${root}scripts/${file}`));
  if (readFileSync(`${directory}/recipe`, 'utf8').trim() !== recipe.digest('hex')) {
    return 'the test guest is older than its script: run scripts/build-guest.sh (Debian)';
  }
  return image;
}

export interface GuestCommandResult {
  /** Exit status. */
  readonly status: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/** The command channel of a guest. Commands run one after the other, as `/bin/sh` lines. */
export class Guest {
  readonly #socket: Socket;
  readonly #console: () => string;
  #received = '';
  #last: Promise<unknown> = Promise.resolve();

  static async connect(path: string, consoleText: () => string): Promise<Guest> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new Guest(socket, consoleText);
  }

  private constructor(socket: Socket, consoleText: () => string) {
    this.#socket = socket;
    this.#console = consoleText;
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      this.#received += text.replaceAll('\r', '');
      socket.emit('progress');
    });
    socket.on('close', () => socket.emit('progress'));
  }

  /** Waits until the guest has booted; again after each reboot. Takes 3 to 10 s, on a busy machine much more. */
  async ready(timeoutMs = 120_000): Promise<void> {
    await this.#until(/<<ready>> .*\n/, 'ready', timeoutMs);
  }

  /** Runs a command, and returns its status and output. */
  sh(command: string, timeoutMs = 60_000): Promise<GuestCommandResult> {
    const result = this.#last.then(async () => {
      this.send(command);
      const { before, match } = await this.#until(/<<rc>>(\d+)\n/, command, timeoutMs);
      return { status: Number(match[1]), output: before };
    });
    this.#last = result.catch(() => {});
    return result;
  }

  /** Sends a command whose answer may never come (`poweroff -f`, `reboot -f`). */
  send(command: string): void {
    this.#socket.write(`${command}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #until(mark: RegExp, what: string, timeoutMs: number): Promise<{ before: string; match: RegExpExecArray }> {
    const heard = () => `${this.#received}\n${this.#console()}`;
    return within(
      timeoutMs,
      () => `the guest does not answer: ${what}\n${heard()}`,
      async (signal) => {
        for (;;) {
          const match = mark.exec(this.#received);
          if (match !== null) {
            const before = this.#received.slice(0, match.index);
            this.#received = this.#received.slice(match.index + match[0].length);
            return { before, match };
          }
          if (this.#socket.destroyed) throw new Error(`the guest is gone: ${what}\n${heard()}`);
          await once(this.#socket, 'progress', { signal });
        }
      },
    );
  }
}

export interface GuestOptions extends QemuOptions {
  /** Added to the kernel's command line. */
  readonly append?: string;
}

export interface GuestQemu extends Qemu {
  readonly guest: Guest;
  /** What the guest's console printed so far. */
  consoleText(): string;
}

/**
 * Starts a QEMU that boots the small guest; `guest.ready()` waits for it. With `paused`, it boots after `cont`.
 *
 * @throws Error if the image is missing (`guestImage` says why)
 */
export async function startGuest(options: GuestOptions = {}): Promise<GuestQemu> {
  const image = guestImage();
  if (typeof image === 'string') throw new Error(image);
  const { append = '', args = [], ...rest } = options;
  // Paths are relative to QEMU's own directory, its working directory.
  const qemu = await startQemu({
    memory: '256M',
    ...rest,
    args: [
      ...['-kernel', image.kernel, '-initrd', image.initrd],
      ...['-append', `console=ttyS0 quiet panic=0 nokaslr ${append}`],
      ...['-chardev', 'file,id=console,path=console.log', '-serial', 'chardev:console'],
      ...[
        '-chardev',
        'socket,id=commands,path=commands.sock,server=on,wait=off',
        '-serial',
        'chardev:commands',
      ],
      ...args,
    ],
  });
  const directory = options.cwd ?? qemu.directory;
  const consoleText = () => readFileSync(`${directory}/console.log`, 'utf8');
  try {
    const guest = await Guest.connect(`${directory}/commands.sock`, consoleText);
    return {
      ...qemu,
      guest,
      consoleText,
      async [Symbol.asyncDispose]() {
        guest.close();
        await qemu[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await qemu[Symbol.asyncDispose]();
    throw error;
  }
}
