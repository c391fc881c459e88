import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Sequence, sequenceToMermaid, sequenceToSvg } from '../../../src/diagram/index.ts';
import { SequenceBuilder } from '../../../src/diagram/sequence.ts';
import { parseRecording } from '../../../src/recording/reader.ts';
import { sequenceOf } from '../../../src/recording/sequence.ts';
import { simulate } from '../../../src/testing/index.ts';
import { traceSequence } from '../../../src/testing/simulation/sequence.ts';

const golden = (name: string) => {
  const file = `${name}.qmp.jsonl`;
  return parseRecording(file, readFileSync(new URL(`../../data/golden/${file}`, import.meta.url), 'utf8'));
};

/** A row in a line. */
const linesOf = ({ rows }: Sequence): string[] =>
  rows.map((row) => {
    if (row.kind === 'divider') return `-- ${row.text}`;
    if (row.kind === 'note') return `${row.over}: (${row.text})`;
    return `${row.from} ${row.isAnswer === true ? '⇠' : '→'} ${row.to}: ${row.text}`;
  });

describe('a recording', () => {
  test('is told from the wire to the host: who said what to whom, in order', async () => {
    const sequence = await sequenceOf(golden('guest-mac-change'));
    expect(sequence.participants).toEqual(['caller', 'QEMU', 'monitor', 'domain', 'handler', 'subscriber']);
    expect(linesOf(sequence).slice(-15)).toEqual([
      'monitor → QEMU: cont',
      'QEMU → monitor: RESUME',
      'monitor → domain: RESUME',
      'domain → subscriber: resumed (unpaused)',
      'QEMU ⇠ monitor: cont: return',
      'domain → subscriber: started (booted)',
      'domain: (running (booted))',
      '-- step 3, guest',
      'domain: (running (booted))',
      '-- step 4, guest',
      'QEMU → monitor: NIC_RX_FILTER_CHANGED',
      'monitor → domain: NIC_RX_FILTER_CHANGED',
      'domain → handler: nicRxFilterChanged',
      'handler ⇠ domain: nicRxFilterChanged: ignored',
      'domain: (running (booted))',
    ]);
  });

  test('rows after the limit are counted, and not drawn', async () => {
    const all = await sequenceOf(golden('guest-mac-change'));
    const some = await sequenceOf(golden('guest-mac-change'), { limit: 3 });
    expect(some.rows).toEqual(all.rows.slice(0, 3));
    expect(some.left).toBe(all.rows.length - 3);
    expect(all.left).toBe(0);
  });

  test('an aborted signal ends it with its reason', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(sequenceOf(golden('guest-mac-change'), { signal })).rejects.toThrow('enough');
  });
});

describe('a trace of the simulation', () => {
  test('is told as what happened to whom, and what subscribers were told', () => {
    const trace = [
      { step: 1, do: 'attach', domain: 10 },
      { step: 1, domain: 'd2', call: 'attach', outcome: 'done' },
      { step: 2, passed: 5 },
      { step: 3, domain: 'd2', type: 'state', args: { state: 'running', reason: 'unknown' } },
      { step: 3, domain: 'd2', type: 'lifecycle', args: { event: 'suspended', detail: 'paused' } },
      { step: 3, domain: 'd2', type: 'outcome', args: { type: 'reset', status: 'done' } },
      { step: 4, domain: 'd2', ip: '-batch -' },
      { step: 5, violation: { why: 'two stopped' } },
    ];
    const sequence = traceSequence(trace.map((line) => `${JSON.stringify(line)}\n`).join(''), 'a trace');
    expect(sequence).toMatchObject({
      title: 'a trace',
      participants: ['caller', 'world', 'd2', 'd10', 'host', 'subscriber'],
      left: 0,
    });
    expect(linesOf(sequence)).toEqual([
      'world → d10: 1: attach',
      'd2 ⇠ caller: attach: done',
      'd2 → subscriber: state running (unknown)',
      'd2 → subscriber: lifecycle suspended (paused)',
      'd2 → subscriber: outcome reset done',
      'd2 → host: -batch -',
      'world: (violation: two stopped)',
    ]);
  });

  test('as `simulate` writes it has its domains between the world and the host', async () => {
    let text = '';
    const writeTrace = (lines: string): void => {
      text += lines;
    };
    await simulate({ seed: 1, domains: 2, steps: 300, writeTrace });
    const { participants, rows, left } = traceSequence(text, 'seed 1', 20);
    expect(participants.slice(0, 4)).toEqual(['caller', 'world', 'd0', 'd1']);
    expect(rows).toHaveLength(20);
    expect(left).toBe(traceSequence(text, 'seed 1').rows.length - 20);
  });

  test.each([
    ['{"step":1}\n{', /^2: not JSON: /],
    ['{"step":1}\n\n[1]', /^3: expected a line of a trace, with its step$/],
    ['{"step":"1"}', /^1: expected a line of a trace, with its step$/],
    ['null', /^1: expected/],
  ])('%j is a SyntaxError with the number of the line', (text, message) => {
    expect(() => traceSequence(text, 'a')).toThrow(SyntaxError);
    expect(() => traceSequence(text, 'a')).toThrow(message);
  });
});

describe('what is drawn', () => {
  const built = (limit = 10): Sequence => {
    const builder = new SequenceBuilder('a: title; #1', ['left', 'middle', 'right'], limit);
    builder.divider('step 1');
    builder.message('right', 'left', 'ask "it"');
    builder.answer('left', 'right', '');
    builder.note('stranger', 'end note %%');
    builder.message('left', 'left', 'think');
    return builder.build();
  };

  test('who never speaks is left out, who is not expected stands on the right', () => {
    expect(built().participants).toEqual(['left', 'right', 'stranger']);
    expect(built(2).participants).toEqual(['left', 'right']);
  });

  test('Mermaid', () => {
    expect(sequenceToMermaid(built())).toMatchInlineSnapshot(`
      "sequenceDiagram
        title a#58; title#59; #35;1
        participant p0 as left
        participant p1 as right
        participant p2 as stranger
        Note over p0,p2: step 1
        p1->>p0: ask #34;it#34;
        p0-->>p1: –
        Note over p2: end#32;note #37;#37;
        p0->>p0: think
      "
    `);
    expect(sequenceToMermaid(built(4)).trimEnd().split('\n').at(-1)).toBe('  Note over p0,p2: … and 1 more');
  });

  test('SVG: the same bytes, a group for each row, a column for each participant', () => {
    const svg = sequenceToSvg(built(4));
    expect(sequenceToSvg(built(4))).toBe(svg);
    const groups = [...svg.matchAll(/<g class="(\w+)">/g)].map(([, kind]) => kind);
    expect(groups).toEqual([
      ...['participant', 'participant', 'participant'],
      ...['divider', 'message', 'message', 'note', 'divider'],
    ]);
    expect(svg).toContain('>… and 1 more</text>');
    expect(svg).toContain('>ask &#34;it&#34;</text>');
  });

  test('a sequence of nothing is a picture of nothing', () => {
    const none: Sequence = { title: '', participants: [], rows: [], left: 0 };
    expect(sequenceToMermaid(none)).toBe('sequenceDiagram\n  title –\n');
    expect(sequenceToSvg(none)).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(sequenceToSvg(none)).not.toMatch(/NaN|Infinity/);
  });

  test('light and dark have colours of their own, `auto` has both', () => {
    const [light, dark, auto] = (['light', 'dark', 'auto'] as const).map((theme) =>
      sequenceToSvg(built(), { theme }),
    );
    expect(light).not.toBe(dark);
    expect(light).not.toContain('prefers-color-scheme');
    expect(auto).toContain('prefers-color-scheme:dark');
  });
});
