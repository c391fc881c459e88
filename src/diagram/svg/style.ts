/** Colours of pictures, light and dark. */
import { SIZES } from './measure.ts';

export type Theme = 'auto' | 'light' | 'dark';

const LIGHT = [
  '--ground:#fff;--box:#fff;--outer:#f5f6f8;--line:#5b6573;--text:#16191d;--soft:#4a5360',
  '--active:#ffe8a3;--active-line:#845500;--path:#d6e6ff;--path-line:#1f55ad',
  '--covered:#d9f2d9;--covered-line:#22722a;--missing:#f9dada;--missing-line:#b01e1e',
].join(';');
const DARK = [
  '--ground:#15181c;--box:#20252b;--outer:#1a1e23;--line:#8b96a5;--text:#f0f3f6;--soft:#b9c2cd',
  '--active:#5c4400;--active-line:#ffd257;--path:#16335f;--path-line:#8ab8ff',
  '--covered:#173d1c;--covered-line:#7ddc87;--missing:#4d1a1a;--missing-line:#ff9a9a',
].join(';');

const marks = (['active', 'path', 'covered', 'missing'] as const)
  .map(
    (mark) =>
      `.state.${mark}>.box{fill:var(--${mark});stroke:var(--${mark}-line);stroke-width:2}` +
      `.transition.${mark}>.way{stroke:var(--${mark}-line)}.line.${mark}{fill:var(--${mark}-line)}`,
  )
  .join('');

const RULES = [
  `text{font-family:Arial,"Liberation Sans",Helvetica,"DejaVu Sans",sans-serif;fill:var(--text)}`,
  `.name{font-size:${SIZES.title}px;font-weight:600}.line{font-size:${SIZES.text}px;fill:var(--soft)}`,
  '.ground{fill:var(--ground)}.box{fill:var(--box);stroke:var(--line)}.outer>.box{fill:var(--outer)}',
  '.parallel>.box{stroke-dasharray:5 3}.anywhere>.box{stroke-dasharray:2 2}',
  '.inset{fill:none;stroke:var(--line)}.rule{stroke:var(--line);stroke-opacity:.4}',
  '.way{fill:none;stroke:var(--line)}.head,.start{fill:var(--line)}',
  '.missing>.way{stroke-dasharray:4 3}',
].join('');

/** For a `<style>` in the picture. */
export function styleOf(theme: Theme): string {
  const colours = `.statechart{${theme === 'dark' ? DARK : LIGHT}}`;
  const dark = theme === 'auto' ? `@media (prefers-color-scheme:dark){.statechart{${DARK}}}` : '';
  return `${colours}${dark}${RULES}${marks}`;
}
