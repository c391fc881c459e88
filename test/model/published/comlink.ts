/** Machines of the npm package @sanity/comlink, by which windows talk to each other; they are not ours, and not changed. */
import { createConnectionMachine, createNodeMachine } from '@sanity/comlink';
import type { AnyStateMachine } from 'xstate';

// The package is built on its own copy of XState's types.
export const comlinkConnection = createConnectionMachine() as unknown as AnyStateMachine;
export const comlinkNode = createNodeMachine() as unknown as AnyStateMachine;

const input = { name: 'window', connectTo: 'frame', targetOrigin: '*', heartbeat: true };
const message = [{ message: { data: { id: 'message-1', type: 'greeting', data: 'hello' } } }];
const data = [{ data: { type: 'greeting', data: 'hello' } }];
const ofRequest = [{ requestId: 'request-1' }];

/** Requests have random ids and are kept: what identifies a state is whether there is anything in the buffers. */
interface Kept {
  readonly context: {
    readonly buffer?: readonly unknown[];
    readonly handshakeBuffer?: readonly unknown[];
    readonly target?: unknown;
  };
}
const state = ({ context: { buffer = [], handshakeBuffer = [], target } }: Kept) => [
  buffer.length > 0,
  handshakeBuffer.length > 0,
  target !== undefined,
];

export const comlinkConnectionOptions = {
  input,
  state,
  events: {
    post: data,
    request: data,
    'message.received': message,
    'request.success': ofRequest,
    'request.failed': ofRequest,
    response: [{ respondTo: 'message-1', data: 'hello back' }],
    'target.set': [{ target: {} }, { target: undefined }],
  },
};

export const comlinkNodeOptions = {
  input,
  state,
  events: {
    post: data,
    request: data,
    'message.received': message,
    'heartbeat.received': message,
    'handshake.syn': message,
    'request.success': ofRequest,
    'request.failed': ofRequest,
    'request.aborted': ofRequest,
  },
};
