import { expect, test } from 'vitest';
import { isOwnNetworkNamespace } from '../../../src/host/namespace.ts';

const runtimeWith = (links: Record<string, string>) => ({
  files: { link: async (path: string) => links[path] ?? null },
});
const self = '/proc/self/ns/net';

test('equal links of /proc/PID/ns/net are one network namespace (namespaces(7))', async () => {
  const runtime = runtimeWith({
    [self]: 'net:[1]',
    '/proc/42/ns/net': 'net:[1]',
    '/proc/43/ns/net': 'net:[2]',
  });
  expect(await isOwnNetworkNamespace(runtime, 42)).toBe(true);
  expect(await isOwnNetworkNamespace(runtime, 43)).toBe(false);
});

test.each([
  { links: { [self]: 'net:[1]' } },
  { links: { '/proc/42/ns/net': 'net:[1]' } },
  { links: {} },
  { links: { [self]: '', '/proc/42/ns/net': '' } },
  { links: { [self]: 'net:[1]', '/proc/42/ns/net': 'elsewhere' } },
  { links: { [self]: 'elsewhere', '/proc/42/ns/net': 'net:[1]' } },
])('a link that cannot be read, or is none, leaves it unknown: $links', async ({ links }) => {
  expect(await isOwnNetworkNamespace(runtimeWith(links as Record<string, string>), 42)).toBeNull();
});

test.each([0, -1, 1.5, Number.NaN, '42', '../1'])('pid %j is a TypeError', async (pid) => {
  await expect(isOwnNetworkNamespace(runtimeWith({}), pid as number)).rejects.toThrow(TypeError);
});
