/** What `onCrash` asks for, and what becomes of a domain where QEMU does not do it. */
import { describe, expect, test } from 'vitest';
import { FakeCommandError } from '../../../../src/testing/index.ts';
import { underControl } from '../../../support/controlled.ts';

describe('onCrash restart, as every reboot that is ours (domain-states.md §2.5):', () => {
  test.each(['system_reset', 'cont'])(
    'a `%s` that QEMU refuses is the end of its process, as a failure (qemu_process.c:qemuProcessFakeReboot)',
    (command) =>
      underControl({ attach: { onCrash: 'restart' } }, async ({ qemu, vm, seen }) => {
        qemu.handle(command, () => {
          throw new FakeCommandError('GenericError', 'not now');
        });
        qemu.guestPanic('pause');
        await seen.until(() => !vm.state.active);
        expect(seen.lifecycle.filter((told) => !told.startsWith('shutdown'))).toEqual([
          'crashed panicked',
          'stopped failed',
        ]);
        expect(seen.of('outcome').map(({ args }) => args)).toContainEqual({
          type: 'guestPanic',
          status: 'failed',
          why: `no reboot: QEMU refused ${command}: not now (GenericError)`,
        });
      }),
  );
});
