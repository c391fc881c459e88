import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import {
  type Marks,
  sequenceToMermaid,
  sequenceToSvg,
  type Theme,
  toMermaid,
  toSvg,
} from '../../src/diagram/index.ts';
import { domainMachine } from '../../src/machines/index.ts';
import { parseRecording } from '../../src/recording/reader.ts';
import { sequenceOf } from '../../src/recording/sequence.ts';
import { machines } from '../diagram/machines/index.ts';
import { overlap } from '../support/boxes.ts';
import { describeWith } from '../support/needs.ts';
import { launchBrowser } from './support/browser.ts';

const MERMAID = new URL('../../node_modules/mermaid/dist/mermaid.min.js', import.meta.url).pathname;
const GOLDEN = new URL('../data/golden/guest-mac-change.qmp.jsonl', import.meta.url).pathname;
const recorded = async () => sequenceOf(parseRecording(GOLDEN, readFileSync(GOLDEN, 'utf8')));

/** What Mermaid's script puts into its page, as far as it is used. */
interface MermaidPage {
  readonly mermaid: {
    initialize(options: Readonly<Record<string, unknown>>): void;
    parse(text: string): Promise<unknown>;
    render(id: string, text: string): Promise<{ readonly svg: string }>;
  };
}

/** A text as it is drawn. */
interface Drawn {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How wide it would be if it were not told its width. */
  readonly natural: number;
  readonly fontSize: number;
}

/** In the page: the picture's box and its texts. */
const textsIn = (
  page: Page,
  svg: string,
): Promise<{ readonly picture: Omit<Drawn, 'text'>; readonly texts: Drawn[] }> =>
  page.setContent(`<body style="margin:0">${svg}`).then(() =>
    page.evaluate(() => {
      const boxOf = (element: Element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x, y, width, height, natural: 0, fontSize: 0 };
      };
      const picture = boxOf(document.querySelector('svg') as SVGElement);
      const texts = [...document.querySelectorAll<SVGTextElement>('text')].map((element) => {
        const box = boxOf(element);
        const fontSize = Number.parseFloat(getComputedStyle(element).fontSize);
        element.removeAttribute('textLength');
        return {
          ...box,
          fontSize,
          natural: element.getComputedTextLength(),
          text: element.textContent ?? '',
        };
      });
      return { picture, texts };
    }),
  );

/** Less than what could be seen. */
const SLACK = 1;

/** Letters of Latin, which all fonts have about as wide. */
const isPlain = ({ text }: Drawn): boolean => /^[\x20-\x7e]+$/.test(text) && text.trim().length > 3;

function faultsOf({ picture, texts }: Awaited<ReturnType<typeof textsIn>>): string[] {
  const faults: string[] = [];
  for (const [at, one] of texts.entries()) {
    if (one.fontSize < 11) faults.push(`${one.text}: ${one.fontSize} px`);
    if (one.x < 0 || one.y < 0 || one.x + one.width > picture.width || one.y + one.height > picture.height)
      faults.push(`${one.text}: not in the picture`);
    const squeezed = one.natural / one.width;
    if (isPlain(one) && (squeezed > 1.2 || squeezed < 0.8))
      faults.push(`${one.text}: squeezed by ${squeezed}`);
    for (const other of texts.slice(at + 1))
      if (overlap(one, other, SLACK)) faults.push(`${one.text} on ${other.text}`);
  }
  return faults;
}

describeWith(['browser'], 'pictures in Chromium', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  describe('Mermaid 11 takes', () => {
    beforeAll(async () => {
      page = await browser.newPage();
      await page.addScriptTag({ path: MERMAID });
    });
    afterAll(() => page.close());

    /** What is written in the picture that Mermaid makes. */
    const rendered = (text: string): Promise<string> =>
      page.evaluate(async (source) => {
        const { mermaid } = globalThis as unknown as MermaidPage;
        mermaid.initialize({ startOnLoad: false, maxTextSize: 1_000_000, maxEdges: 1000 });
        await mermaid.parse(source);
        const { svg } = await mermaid.render('picture', source);
        const { body } = new DOMParser().parseFromString(svg, 'text/html');
        for (const style of body.querySelectorAll('style')) style.remove();
        return body.textContent ?? '';
      }, text);

    test.each(machines)('$name, brief and full', async ({ machine }) => {
      const [brief, full] = (['brief', 'full'] as const).map((detail) => toMermaid(machine, { detail }));
      const written = [
        await rendered(brief as string),
        full === brief ? '' : await rendered(full as string),
      ].join('');
      for (const key of Object.keys(machine.root.states))
        if (!/[\s\p{C}]/u.test(key)) expect(written).toContain(key);
    });

    test('a machine of nothing', async () => {
      await expect(rendered(toMermaid(createMachine({ id: 'bare' })))).resolves.toBe('');
    });

    test('not what is broken', async () => {
      await expect(rendered('stateDiagram-v2\n  a -->')).rejects.toThrow();
    });

    test('a sequence of a recording, and one of hostile texts', async () => {
      expect(await rendered(sequenceToMermaid(await recorded()))).toContain('nicRxFilterChanged');
      const names = ['end', 'a: b; #c %% "d" <e> {f} \\n', 'constructor'];
      const rows = names.flatMap((from, at) => [
        { kind: 'message', from, to: names[(at + 1) % 3] as string, text: from } as const,
        { kind: 'note', over: from, text: from } as const,
        { kind: 'divider', text: from } as const,
      ]);
      const hostile = { title: names.join(' '), participants: names, rows, left: 3 };
      expect(await rendered(sequenceToMermaid(hostile))).toContain('a: b; #c %% "d" <e> {f} \\n');
      const none = { title: 'nothing', participants: [], rows: [], left: 0 };
      await expect(rendered(sequenceToMermaid(none))).resolves.toContain('nothing');
    });
  });

  describe('SVG', () => {
    beforeAll(async () => {
      page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    });
    beforeEach(() => page.emulateMedia({ colorScheme: 'light' }));
    afterAll(() => page.close());

    test.each(machines)(
      'of $name has its texts in it, none on another, below 11 px, or squeezed by a fifth',
      async ({ machine }) => {
        expect(faultsOf(await textsIn(page, await toSvg(machine)))).toEqual([]);
      },
    );

    test('of a sequence too', async () => {
      expect(faultsOf(await textsIn(page, sequenceToSvg(await recorded())))).toEqual([]);
    });

    test('of the domain machine fits 1600×1000 without being shrunk', async () => {
      const { picture } = await textsIn(page, await toSvg(domainMachine));
      expect(picture.width).toBeLessThanOrEqual(1600);
      expect(picture.height).toBeLessThanOrEqual(1000);
    });

    const marks: Marks = {
      states: new Map([
        ['waiting', 'active'],
        ['moving.up', 'path'],
        ['open', 'covered'],
        ['stuck', 'missing'],
      ]),
      transitions: new Map(
        (['active', 'path', 'covered', 'missing'] as const).map((mark, at) => [
          ['moving: stop', 'moving: arrived', 'open: after doorTime', 'stuck: stop'][at] as string,
          { mark, note: mark },
        ]),
      ),
    };
    const lift = machines.find(({ name }) => name === 'lift')
      ?.machine as (typeof machines)[number]['machine'];

    /** Of each text the smallest contrast with what it may stand on. */
    const contrasts = (svg: string): Promise<{ readonly text: string; readonly contrast: number }[]> =>
      page.setContent(svg).then(() =>
        page.evaluate(() => {
          const light = (colour: string): number => {
            const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
              const value = Number(part) / 255;
              return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const fillOf = (element: Element): number => light(getComputedStyle(element).fill);
          const grounds = [...document.querySelectorAll('.ground, .outer > .box')];
          return [...document.querySelectorAll('text')].map((text) => {
            const box = text.parentElement?.querySelector('.box');
            const behind = box === null || box === undefined ? grounds : [box];
            const ratios = behind.map((one) => {
              const [dark = 0, bright = 0] = [fillOf(text), fillOf(one)].sort((a, b) => a - b);
              return (bright + 0.05) / (dark + 0.05);
            });
            return { text: text.textContent ?? '', contrast: Math.min(...ratios) };
          });
        }),
      );

    test.each(['light', 'dark'] as const satisfies Theme[])(
      '%s: text and what it stands on have a contrast of 4.5, marked or not',
      async (theme) => {
        for (const svg of [
          await toSvg(lift, { theme, detail: 'full' }),
          await toSvg(lift, { theme, marks, detail: 'full' }),
          sequenceToSvg(await recorded(), { theme }),
        ]) {
          const found = await contrasts(svg);
          expect(found.length).toBeGreaterThan(10);
          expect(found.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
        }
      },
    );

    test('is light or dark as the reader has it, if it is not told', async () => {
      const groundOf = () => page.$eval('.ground', (element) => getComputedStyle(element).fill);
      const shown: string[] = [];
      await page.setContent(await toSvg(lift));
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        shown.push(await groundOf());
      }
      expect(shown).toEqual(['rgb(255, 255, 255)', 'rgb(21, 24, 28)']);
    });
  });
});
