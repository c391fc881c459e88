import { describe, expect, test } from 'vitest';
import { ROW_PX, ScrollPlace } from '../../../../src/dashboard/page/scroll-place.ts';
import { item } from '../../../browser/support/samples.ts';

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => item(from + n, 'web1'));

const ROWS = 10;

/** A list with room for ten lines, as a browser would show it. */
const list = (place: ScrollPlace) => ({
  scrollTop: 0,
  clientHeight: ROWS * ROW_PX,
  scrollHeight: place.lines.length * ROW_PX,
});

function placeOf(from: number, to: number): ScrollPlace {
  const place = new ScrollPlace();
  place.lines = lines(from, to);
  place.apply(list(place));
  return place;
}

/** Numbers of the lines that are wholly in sight. */
function inSight(place: ScrollPlace): number[] {
  const first = Math.ceil(place.top / ROW_PX);
  return place.lines.slice(first, first + ROWS).map(({ seq }) => seq);
}

const seqs = (from: number): number[] => Array.from({ length: ROWS }, (_, n) => from + n);

describe('the place of a list', () => {
  test('is its end, as long as nobody wants another', () => {
    const place = placeOf(1, 100);
    expect(inSight(place)).toEqual(seqs(91));
    place.lines = lines(1, 105);
    expect(inSight(place)).toEqual(seqs(96));
  });

  test('stays with its lines when others come after or go before', () => {
    const place = placeOf(1, 100);
    const element = list(place);
    element.scrollTop = 49 * ROW_PX + 5;
    expect(place.scrolled(element)).toBe(true);
    expect(place.top).toBe(49 * ROW_PX + 5);
    place.lines = lines(31, 200);
    expect(place.top).toBe(19 * ROW_PX + 5);
    // Those that were in sight are gone.
    place.lines = lines(101, 200);
    expect(place.top).toBe(0);
  });

  test('is the end again once it was scrolled there, or told so', () => {
    const place = placeOf(1, 100);
    const element = list(place);
    element.scrollTop = 0;
    place.scrolled(element);
    expect(inSight(place)).toEqual(seqs(1));
    element.scrollTop = 90 * ROW_PX;
    place.scrolled(element);
    place.lines = lines(1, 101);
    expect(inSight(place)).toEqual(seqs(92));
    place.show(0);
    place.follow();
    expect(inSight(place)).toEqual(seqs(92));
  });

  test('is moved no further than needed for a line to be in sight, and stays then', () => {
    const place = placeOf(1, 100);
    place.show(49);
    expect(inSight(place)).toEqual(seqs(50));
    place.show(52);
    expect(inSight(place)).toEqual(seqs(50));
    place.show(70);
    expect(inSight(place)).toEqual(seqs(62));
    place.lines = lines(1, 200);
    expect(inSight(place)).toEqual(seqs(62));
  });

  test('was not chosen by anybody where the list is only where it was put', () => {
    const place = placeOf(1, 100);
    const element = list(place);
    place.apply(element);
    expect(element.scrollTop).toBe(90 * ROW_PX);
    expect(place.scrolled(element)).toBe(false);
  });

  test('has some lines more than those in sight in the document', () => {
    const place = placeOf(1, 100);
    place.show(49);
    const [first, end] = place.extent;
    expect(first).toBeLessThan(49);
    expect(end).toBeGreaterThan(59);
    expect(end - first).toBeLessThan(40);
  });
});
