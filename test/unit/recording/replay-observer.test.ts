import { describe, expect, test } from 'vitest';
import { DropCounters } from '../../../src/diagnostics.ts';
import { attached, eof, event, observer, play, replayed, reply, send, text } from './helpers.ts';

describe('the replay of an observer', () => {
  test('begins with the state that QEMU was found in', async () => {
    expect(await replayed(observer(), ...attached(0, 'paused'))).toEqual(['- paused (unknown) attached']);
  });

  test('tells each change of state, as live', async () => {
    expect(await replayed(observer(), ...attached(0), event(1, 'STOP'), event(2, 'RESUME'))).toEqual([
      '- running (unknown) attached',
      '- suspended paused',
      '- paused (unknown)',
      '- resumed unpaused',
      '- running (unpaused)',
    ]);
  });

  test('a SIGTERM: shutdown, stopped', async () => {
    const shutdown = event(1, 'SHUTDOWN', { guest: false, reason: 'host-signal' });
    expect((await replayed(observer(), ...attached(0), shutdown, eof(2, true))).slice(1)).toEqual([
      '- shutdown host',
      '- shutdown (unknown)',
      '- shutdown (unknown) connected false',
      '- monitorEof done',
      '- stopped shutdown',
      '- shutoff (shutdown)',
    ]);
  });

  test('a connection that was lost and came back: the same run, and the difference', async () => {
    const lines = [observer(), ...attached(0), eof(1, false), ...attached(2, 'paused')];
    const items = await play(text(...lines));
    expect(new Set(items.map(({ incarnation }) => incarnation)).size).toBe(1);
    expect((await replayed(...lines)).slice(1)).toEqual([
      '- running (unknown) connected false',
      '- suspended paused (reconstructed)',
      '- paused (unknown) connected true',
    ]);
  });

  test('a QEMU that comes after the end of another is a new run', async () => {
    const items = await replayed(observer(), ...attached(0), eof(1, true), ...attached(2));
    expect(items.slice(-3)).toEqual([
      '- shutoff (crashed)',
      '- started booted',
      '- running (booted) attached',
    ]);
  });

  test('a QEMU that was found replaced at the next contact: its end is reconstructed', async () => {
    const items = await replayed(
      observer(),
      ...attached(0),
      eof(1, true, { foundLater: true }),
      ...attached(2),
    );
    expect(items.slice(1)).toEqual([
      '- running (unknown) connected false',
      '- stopped failed (reconstructed)',
      '- started booted',
      '- running (booted) attached',
    ]);
  });

  test('events before the contact count after it', async () => {
    const lines = attached(0, 'paused');
    lines.splice(4, 0, event(0, 'STOP') as never);
    expect(await replayed(observer(), ...lines, event(1, 'RESUME'))).toEqual([
      '- paused (unknown) attached',
      '- drop STOP: ignored-in-state',
      '- resumed unpaused',
      '- running (unpaused)',
    ]);
  });

  test('a connection that never came to a contact is nobody', async () => {
    const counters = new DropCounters();
    const lines = [observer(), ...attached(0).slice(0, 4), event(0, 'STOP'), ...attached(1)];
    const items = await play(text(...lines), counters);
    expect(items.filter(({ type }) => type === 'state')).toHaveLength(1);
    expect(counters.toJSON()).toEqual({ 'not-attached': { STOP: 1 } });
  });

  test('needs no more than the run state', async () => {
    const lines = [send(0, 1 as never, 'query-status'), reply(0, 1 as never, { status: 'running' })];
    expect(await replayed(observer(), ...lines)).toEqual(['- running (unknown) attached']);
  });

  test('a control-error is told again', async () => {
    const lines = [observer(), ...attached(0), eof(1, false, { protocolError: true }), ...attached(2)];
    expect((await replayed(...lines)).slice(1)).toEqual([
      '- control-error',
      '- running (unknown) connected false',
      '- running (unknown) connected true',
    ]);
  });
});
