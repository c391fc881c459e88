/**
 * A captured QMP conversation, and a QEMU that says again what was captured.
 *
 * One JSON object a line: first `argv`, QEMU's command line; then `S`, a line from QEMU as text, `C`, one from the
 * client, `EOF`, the end; `mon` says which monitor where there are several, each of which is played by itself. Lines
 * with other members are remarks. In `monitors-malformed` `C` is a Python bytes literal, cut off after 120 bytes.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const captureDirectory = new URL('../data/captures/', import.meta.url);

export const captureNames = readdirSync(captureDirectory)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length))
  .sort();

/** A line of a monitor: from QEMU, from its client, or the end of the connection. */
export type CaptureLine =
  | { readonly from: 'qemu' | 'client'; readonly text: string }
  | { readonly from: 'end' };

export interface CapturedMonitor {
  /** `q0`, … ; empty where there is one. */
  readonly monitor: string;
  readonly name: string;
  readonly argv: string;
  readonly lines: readonly CaptureLine[];
}

interface RawLine {
  readonly argv?: string;
  readonly mon?: string;
  readonly S?: string;
  readonly C?: string;
  readonly EOF?: string;
}

export function readCapture(name: string): CapturedMonitor[] {
  const raw = readFileSync(new URL(`${name}.jsonl`, captureDirectory), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RawLine);
  const monitors = new Map<string, CaptureLine[]>();
  for (const { mon = '', S, C, EOF } of raw) {
    const line = lineOf(S, C, EOF);
    if (line === null) continue;
    const lines = monitors.get(mon);
    if (lines === undefined) monitors.set(mon, [line]);
    else lines.push(line);
  }
  const argv = raw[0]?.argv ?? '';
  return [...monitors].map(([monitor, lines]) => ({ monitor, name, argv, lines }));
}

function lineOf(S?: string, C?: string, EOF?: string): CaptureLine | null {
  if (S !== undefined) return { from: 'qemu', text: S };
  if (C !== undefined) return { from: 'client', text: C };
  return EOF === undefined ? null : { from: 'end' };
}

const parsed = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
};

/** The lines that are events, as they came. */
export const eventsOf = ({ lines }: CapturedMonitor): { readonly name: string; readonly line: string }[] =>
  lines.flatMap((line) => {
    const name = line.from === 'qemu' ? parsed(line.text).event : undefined;
    return typeof name === 'string' && line.from === 'qemu' ? [{ name, line: line.text }] : [];
  });

/** What `query-status` said when the capture began: by the first answer before any event, else by the command line. */
export function runStateOf({ lines, argv }: CapturedMonitor): string {
  for (const line of lines) {
    if (line.from !== 'qemu') continue;
    const { event, return: value } = parsed(line.text);
    if (event !== undefined) break;
    const status =
      typeof value === 'object' && value !== null && 'status' in value ? value.status : undefined;
    if (typeof status === 'string' && 'running' in (value as object)) return status;
  }
  if (/ -incoming /.test(argv)) return 'inmigrate';
  return / -(S|preconfig)( |$)/.test(argv) ? 'prelaunch' : 'running';
}

/** QEMU's `-name` is the name of the file. */
export class CapturedQemu implements AsyncDisposable {
  readonly path: string;
  readonly #capture: CapturedMonitor;
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Answers that wait for the end of a line that is being said. */
  #held: (() => void)[] | null = null;

  static async start(capture: CapturedMonitor): Promise<CapturedQemu> {
    const qemu = new CapturedQemu(capture);
    await new Promise<void>((resolve) => {
      qemu.#server.listen(qemu.path, resolve);
    });
    return qemu;
  }

  private constructor(capture: CapturedMonitor) {
    this.#capture = capture;
    this.#directory = mkdtempSync(join(tmpdir(), 'qa-'));
    this.path = join(this.#directory, 'm');
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** A line to whoever is connected. @param chunk - in pieces of so many bytes, each written by itself */
  async say(line: string, chunk: number): Promise<void> {
    const bytes = Buffer.from(`${line}\r\n`);
    this.#held = [];
    for (const socket of this.#sockets)
      for (let at = 0; at < bytes.length; at += chunk)
        await new Promise<void>((resolve) => {
          socket.write(bytes.subarray(at, at + chunk), () => resolve());
        });
    const held = this.#held;
    this.#held = null;
    for (const answer of held) answer();
  }

  /** The process is gone: its connections end, and nobody listens any more. */
  async end(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.end();
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    const greeting = this.#capture.lines.find(({ from }) => from === 'qemu');
    if (greeting?.from === 'qemu') socket.write(`${greeting.text}\r\n`);
    let rest = '';
    socket.on('data', (bytes) => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const answer = (): unknown => socket.write(`${JSON.stringify(this.#answer(parsed(line)))}\r\n`);
        if (this.#held === null) answer();
        else this.#held.push(answer);
      }
    });
  }

  /** Of what we ask ourselves; what the capture's client asked was asked by another. */
  #answer({ execute, id }: Record<string, unknown>): object {
    const answers: Record<string, object> = {
      qmp_capabilities: {},
      'query-status': { status: runStateOf(this.#capture), running: false, singlestep: false },
      'query-name': { name: this.#capture.name },
      'query-uuid': { UUID: '00000000-0000-0000-0000-000000000000' },
    };
    const answer = answers[String(execute)];
    if (answer !== undefined) return { return: answer, id };
    return { id, error: { class: 'CommandNotFound', desc: `The command ${execute} has not been found` } };
  }
}
