import { describe, expect, test } from 'vitest';
import { activeMarks, toSvg } from '../../../src/diagram/index.ts';
import { viewOf } from '../../../src/diagram/view.ts';
import { escapeXml } from '../../../src/diagram/xml.ts';
import { everything, lamp } from './machines.ts';

const groupsOf = (svg: string): string[] =>
  [...svg.matchAll(/<g class="([^"]*)"/g)].map(([, kinds]) => kinds ?? '');

describe('SVG', () => {
  test('the same machine and options give the same bytes', async () => {
    const options = { direction: 'right', theme: 'dark', marks: activeMarks('off') } as const;
    expect(await toSvg(lamp, options)).toBe(await toSvg(lamp, options));
    expect(await toSvg(lamp)).toBe(await toSvg(lamp));
  });

  test('has a group for each state, with its path, its kind and its mark', async () => {
    const svg = await toSvg(everything, { marks: activeMarks({ busy: { upper: 'near' } }), detail: 'full' });
    const states = [...svg.matchAll(/<g class="(state [^"]*)" data-state="([^"]*)"/g)];
    expect(states.map(([, kinds, path]) => `${path}: ${kinds}`)).toEqual([
      'idle: state atomic',
      'busy: state parallel outer active',
      'busy.upper: state compound outer active',
      'busy.upper.near: state atomic active',
      'busy.upper.far: state final',
      'busy.lower: state compound outer',
      'busy.lower.one: state atomic',
      'busy.lower.v1\\.0: state final',
      'busy.lower.before: state history',
      'busy.lower.earlier: state history',
      'busy.lower.elsewhere: state history',
      'failed: state atomic',
      'done: state final',
      ': state anywhere',
    ]);
    expect(svg).toContain('<title>Nothing is done.</title>');
  });

  test('has an arrow for each of the view, and one from each beginning and history state', async () => {
    const svg = await toSvg(everything, { detail: 'full' });
    const kinds = groupsOf(svg);
    const { arrows } = viewOf(everything, { detail: 'full' });
    expect(kinds.filter((kind) => kind.startsWith('transition'))).toHaveLength(arrows.length);
    // Three states begin with another, three history states lead to one.
    expect(kinds.filter((kind) => kind === 'begin')).toHaveLength(6);
    expect([...svg.matchAll(/class="start"/g)]).toHaveLength(3);
  });

  test('each label stands in it as text', async () => {
    const svg = await toSvg(lamp, { detail: 'full' });
    const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    const view = viewOf(lamp, { detail: 'full' });
    for (const { lines } of [...view.arrows, ...view.states])
      for (const { text } of lines) expect(texts).toContain(escapeXml(text));
    for (const name of ['off', 'on', 'dim', 'bright', 'H', 'broken', 'any state'])
      expect(texts).toContain(name);
  });

  test('says how many transitions are not drawn', async () => {
    expect(await toSvg(lamp, { detail: 'brief' })).toContain(
      '<title>lamp: states and transitions, without those that leave no state: 1</title>',
    );
    expect(await toSvg(lamp, { detail: 'full' })).toContain('<title>lamp: states and transitions</title>');
  });

  test('light and dark have colours of their own, `auto` has both', async () => {
    const [light, dark, auto] = await Promise.all(
      (['light', 'dark', 'auto'] as const).map((theme) => toSvg(lamp, { theme })),
    );
    expect(light).not.toBe(dark);
    expect(light).not.toContain('prefers-color-scheme');
    expect(auto).toContain('prefers-color-scheme:dark');
  });

  test('loads nothing and runs nothing', async () => {
    const svg = await toSvg(everything);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|@import|<script|href=|\son\w+=/,
    );
  });

  test('of a selection that does not fit is refused', async () => {
    await expect(toSvg(lamp, { depth: 0 })).rejects.toThrow(RangeError);
    await expect(toSvg(lamp, { from: 'nowhere' })).rejects.toThrow(TypeError);
  });
});
