/** A fake QEMU for tests: real sockets, scripted events, faults. */

export type { FakeHandler } from './fake-dispatcher.ts';
export type { CommandHook } from './fake-faults.ts';
export { FakeFaults } from './fake-faults.ts';
export type { ReceivedCommand } from './fake-protocol.ts';
export { FakeQemu } from './fake-qemu.ts';
export type { FakeActions } from './fake-qemu-commands.ts';
export { FakeCommandError } from './fake-qemu-commands.ts';
export type { FakeQemuOptions } from './fake-setup.ts';
