import { describe, expect, test } from 'vitest';
import {
  chainOf,
  parseBlockNodes,
  pathsBelow,
  sourceOf,
  withGraph,
} from '../../../../src/actors/discovery/block-nodes.ts';
import { MAX_STRING_LENGTH } from '../../../../src/events/payload.ts';
import { reply } from './helpers.ts';

/** `name driver file child=node …` */
const node = (line: string): object => {
  const [name, drv, file, ...children] = line.split(' ');
  return {
    'node-name': name,
    drv,
    file,
    children: children.map((text) => {
      const [child, to] = text.split('=');
      return { child, 'node-name': to };
    }),
  };
};
const nodesOf = (...lines: string[]) => parseBlockNodes(lines.map(node));

describe('the layers of a disk', () => {
  test('are the same, told by the nodes themselves (QAPI since 10.1) or by the graph (since 4.0)', () => {
    const graph = reply('x-debug-query-block-graph') as {
      nodes: { id: number; name: string }[];
      edges: { parent: number; child: number; name: string }[];
    };
    const nameOf = (id: number) => graph.nodes.find((one) => one.id === id)?.name;
    const old = reply('query-named-block-nodes', { flat: true }) as Record<string, unknown>[];
    const recent = old.map((one) => ({
      ...one,
      children: graph.edges
        .filter(({ parent }) => nameOf(parent) === one['node-name'])
        .map(({ name, child }) => ({ child: name, 'node-name': nameOf(child) })),
    }));
    const layers = ['libvirt-1', 'libvirt-2', 'libvirt-3'].flatMap((one) => [
      `${one}-format`,
      `${one}-storage`,
    ]);
    expect(chainOf(parseBlockNodes(recent), 'libvirt-1-format')).toEqual(layers);
    expect(chainOf(withGraph(parseBlockNodes(old), graph), 'libvirt-1-format')).toEqual(layers);
    expect(chainOf(parseBlockNodes(old), 'libvirt-1-format')).toEqual(['libvirt-1-format']);
  });

  test('have filters above what they filter, and the data file beside the file', () => {
    const nodes = nodesOf(
      'throttle throttle /a file=format',
      'format qcow2 /a file=storage data-file=data backing=base',
      'storage file /a',
      'data file /a.data',
      'base raw /b file=base-storage',
      'base-storage file /b',
    );
    expect(chainOf(nodes, 'throttle')).toEqual([
      'throttle',
      'format',
      'storage',
      'data',
      'base',
      'base-storage',
    ]);
    expect(sourceOf(nodes, 'throttle')).toBe('/a');
    expect(pathsBelow(nodes, 'throttle')).toEqual({ data: '/a.data', base: '/b', 'base-storage': '/b' });
  });

  test('do not end at the filter of a running job, whose only child is a backing node (QEMU block/mirror.c)', () => {
    const nodes = nodesOf(
      'job mirror_top /a backing=format',
      'format qcow2 /a file=storage backing=base',
      'storage file /a',
      'base file /b',
    );
    expect(chainOf(nodes, 'job')).toEqual(['job', 'format', 'storage', 'base']);
    expect(sourceOf(nodes, 'job')).toBe('/a');
    expect(pathsBelow(nodes, 'job')).toEqual({ base: '/b' });
  });

  test('are not the children of a quorum, nor the target of a backup', () => {
    const nodes = nodesOf('q quorum x children.0=a children.1=b', 'cbw copy-before-write /a file=a target=b');
    expect(chainOf(nodes, 'q')).toEqual(['q']);
    expect(chainOf(nodes, 'cbw')).toEqual(['cbw', 'a']);
  });

  test('are each one node once, however they are connected, and no more than 400', () => {
    const circle = nodesOf('a qcow2 /a file=b backing=a', 'b file /b file=a');
    expect(chainOf(circle, 'a')).toEqual(['a', 'b']);
    expect(sourceOf(circle, 'a')).toBeNull();
    expect(pathsBelow(circle, 'a')).toEqual({});
    const deep = nodesOf(...Array.from({ length: 5000 }, (_, n) => `n${n} file /f${n} backing=n${n + 1}`));
    expect(chainOf(deep, 'n0')).toHaveLength(400);
  });
});

describe('the source of a disk', () => {
  test.each([
    ['a file', 'a file /a', '/a'],
    ['a block device', 'a host_device /dev/sdb', '/dev/sdb'],
    ['a drive of the host', 'a host_cdrom /dev/sr0', '/dev/sr0'],
    ['a path as QEMU was told it', 'a file images/a.raw', 'images/a.raw'],
    ['no network disk', 'a nbd nbd://host/a', null],
    ['no disk without a file', 'a null-co json:{}', null],
    ['nothing that only QEMU can read', 'a file json:{"driver":"file"}', null],
    ['no descriptor that QEMU was handed', 'a file /dev/fdset/3', null],
  ])('is %s', (_, line, source) => {
    expect(sourceOf(nodesOf(line), 'a')).toBe(source);
  });

  test('is not known where the nodes below are not', () => {
    expect(sourceOf(parseBlockNodes([{ 'node-name': 'a', drv: 'qcow2', file: '/a' }]), 'a')).toBeNull();
    expect(sourceOf(nodesOf('a qcow2 /a file=gone'), 'a')).toBeNull();
    expect(sourceOf(new Map(), 'a')).toBeNull();
  });
});

test('a name or path that is too long is none (payload.ts:MAX_STRING_LENGTH)', () => {
  const long = 'x'.repeat(MAX_STRING_LENGTH + 1);
  expect([...nodesOf(`${long} file /a`).keys()]).toEqual([]);
  expect(sourceOf(nodesOf(`a file /${long}`), 'a')).toBeNull();
  expect(chainOf(nodesOf(`a raw /a file=${long}`), 'a')).toEqual(['a']);
});
