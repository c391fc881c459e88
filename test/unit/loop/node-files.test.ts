import { expect, test } from 'vitest';
import { createNodeRuntime } from '../../../src/loop/node-runtime.ts';

const { files } = createNodeRuntime();

test('a directory that cannot be read has no list', async () => {
  expect(await files.list('/proc/self/fd')).toContain('0');
  expect(await files.list('/proc/self/status')).toBeNull();
  expect(await files.list('/nonexistent')).toBeNull();
});

test('a device has the numbers that sysfs prints, what is none has none (null(4))', async () => {
  expect(await files.deviceNumber('/dev/null')).toBe('1:3');
  expect(await files.deviceNumber('/proc/self/status')).toBeNull();
  expect(await files.deviceNumber('/dev')).toBeNull();
  expect(await files.deviceNumber('/nonexistent')).toBeNull();
});
