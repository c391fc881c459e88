/** A process that answers: each message is a question by name, each answer goes with its number. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Question {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** In the parent. It ends with it, or by `end()`. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #number = 0;

  constructor(file: URL) {
    this.#process = fork(fileURLToPath(file));
    this.#process.on('message', (message) => {
      const answer = message as Answer;
      this.#waiting.get(answer.number)?.(answer);
      this.#waiting.delete(answer.number);
    });
    this.#process.on('exit', (code) => {
      for (const [number, settle] of this.#waiting)
        settle({ number, error: `${file.pathname} ended with ${code}` });
    });
  }

  /** @throws Error with the text of what the child threw, or that it ended */
  ask<T>(name: string, argument?: unknown): Promise<T> {
    const number = ++this.#number;
    const question: Question = { number, name, argument };
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, ({ value, error }) =>
        error === undefined ? resolve(value as T) : reject(new Error(error)),
      );
      this.#process.send(question);
    });
  }

  end(): void {
    this.#process.removeAllListeners('exit');
    this.#process.kill('SIGKILL');
  }
}

/** In the child: what it can be asked. */
export function answer(answers: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async (message) => {
    const { number, name, argument } = message as Question;
    try {
      const value = await answers[name]?.(argument as never);
      process.send?.({ number, value } satisfies Answer);
    } catch (error) {
      process.send?.({ number, error: String(error) } satisfies Answer);
    }
  });
}
