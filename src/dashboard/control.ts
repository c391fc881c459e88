/** What a reader may ask for, if control is allowed: operations of a domain, as the API has them. */
import type { IncomingMessage } from 'node:http';
import { messageOf, QemuError } from '../errors.ts';

const operations = ['suspend', 'resume', 'reset', 'shutdown', 'reboot', 'destroy'] as const;
type Operation = (typeof operations)[number];

/** A domain, as far as it can be asked. */
export type Controlled = {
  readonly [O in Operation]: (options: { readonly signal: AbortSignal }) => Promise<void>;
};

export interface ControlAnswer {
  readonly status: 200 | 400 | 404 | 409 | 413 | 415;
  readonly body: object;
}

const MAX_BODY_BYTES = 1024;

const refused = (
  status: Exclude<ControlAnswer['status'], 200>,
  code: string,
  message: string,
): ControlAnswer => ({
  status,
  body: { code, message },
});

/** @param signal - the dashboard closes */
export async function control(
  request: IncomingMessage,
  domainOf: (key: string) => Controlled | undefined,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  // A page of somebody else can post text without being asked, but not this.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    return refused(415, 'ERR_USAGE', 'expected Content-Type: application/json');
  const text = await readBody(request);
  if (text === null) return refused(413, 'ERR_USAGE', `expected at most ${MAX_BODY_BYTES} bytes`);
  const asked = parse(text);
  if (asked === null)
    return refused(
      400,
      'ERR_USAGE',
      `expected { key, operation }, the operation one of ${operations.join(', ')}`,
    );
  const domain = domainOf(asked.key);
  if (domain === undefined) return refused(404, 'ERR_STATE', 'there is no such domain any more');
  try {
    await domain[asked.operation]({ signal });
    return { status: 200, body: {} };
  } catch (error) {
    return refused(409, error instanceof QemuError ? error.code : 'ERR_FAILED', messageOf(error));
  }
}

/** @returns null if it is too long @throws the system's error, if the asker leaves */
function readBody(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) chunks.push(chunk);
      else resolve(null);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });
}

function parse(text: string): { readonly key: string; readonly operation: Operation } | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('key' in value) || !('operation' in value))
    return null;
  const { key, operation } = value;
  const isKnown = operations.includes(operation as Operation);
  return typeof key === 'string' && isKnown ? { key, operation: operation as Operation } : null;
}
