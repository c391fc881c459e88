/** `inspectDomain`: what an inspector of XState sees of a domain (docs/diagnostics.md). */
import { createInspector } from '@statelyai/inspect';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { openDriver } from '../../src/driver.ts';
import { inspectDomain } from '../../src/inspect.ts';
import { FakeQemu } from '../../src/testing/index.ts';

async function attached() {
  const qemu = await FakeQemu.start({ name: 'web1' });
  const driver = await openDriver();
  onTestFinished(async () => {
    await driver.close();
    await qemu.terminate();
  });
  const vm = await driver.attach({ monitor: qemu.path });
  return { qemu, driver, vm };
}

describe('inspectDomain', () => {
  test('tells who is there first, then what happens, until it is disposed', async () => {
    const { qemu, vm } = await attached();
    const events: InspectionEvent[] = [];
    const inspecting = inspectDomain(vm, (event) => events.push(event));
    const here = events.splice(0);
    expect(here.map(({ type }) => type)).toContain('@xstate.actor');
    expect(here.every(({ type, rootId }) => type === '@xstate.actor' && rootId === vm.actor.sessionId)).toBe(
      true,
    );
    expect(here[0]?.actorRef).toBe(vm.actor);
    expect(here.length).toBeGreaterThan(1);

    const reboot = vm.waitFor('reboot');
    qemu.guestReset();
    await reboot;
    const told = events.flatMap((event) => (event.type === '@xstate.event' ? event.event.type : []));
    expect(told).toContain('qemu.RESET');

    inspecting[Symbol.dispose]();
    events.length = 0;
    const again = vm.waitFor('reboot');
    qemu.guestReset();
    await again;
    expect(events).toEqual([]);
  });

  test('is what @statelyai/inspect takes', async () => {
    const { qemu, vm } = await attached();
    const sent: { readonly type: string; readonly name?: string }[] = [];
    const inspector = createInspector({ send: (event) => sent.push(event) });
    using _ = inspectDomain(vm, inspector.inspect);
    const reboot = vm.waitFor('reboot');
    qemu.guestReset();
    await reboot;
    await vi.waitFor(() =>
      expect(new Set(sent.map(({ type }) => type))).toEqual(
        new Set(['@xstate.actor', '@xstate.event', '@xstate.snapshot']),
      ),
    );
  });

  test('an inspector that throws is let go of, and harms nobody', async () => {
    const { qemu, vm } = await attached();
    const warnings: string[] = [];
    const warn = vi
      .spyOn(process, 'emitWarning')
      .mockImplementation((text) => void warnings.push(String(text)));
    onTestFinished(() => warn.mockRestore());
    let calls = 0;
    using _ = inspectDomain(vm, {
      next() {
        calls += 1;
        throw new Error('full');
      },
    });
    const reboot = vm.waitFor('reboot');
    qemu.guestReset();
    await reboot;
    expect({ calls, warnings }).toEqual({ calls: 1, warnings: ['an inspector failed: full'] });
    expect(vm.state.active).toBe(true);
  });
});
