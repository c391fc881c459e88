// Writes the generated pages and sections of docs from the source.
//
// usage: npm run docs               writes them
//        npm run docs -- --check    writes nothing; exit status 1 if any differs

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';
import { arrowsSection } from './docs/arrows.mjs';
import { coveragePage } from './docs/coverage.mjs';
import { eventsPage } from './docs/events.mjs';
import { explore, exploreOthers } from './docs/explore.mjs';
import { machinePage } from './docs/machines.mjs';
import { statesSections } from './docs/states.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.slice(2).includes('--check');

register();
const source = (/** @type {string} */ path) => import(new URL(`../src/${path}`, import.meta.url).href);
const machines = await source('machines/index.ts');
const models = await source('testing/models/index.ts');
const { diagramOf, sequenceToSvg, toMermaid, toSvg } = await source('diagram/index.ts');
const { parseRecording } = await source('recording/reader.ts');
const { sequenceOf } = await source('recording/sequence.ts');
const tables = {
  ...(await source('events/qemu-events.ts')),
  ...(await source('events/process-events.ts')),
  ...(await source('events/domain-events.ts')),
  ...(await source('events/domain-state.ts')),
  ...(await source('events/reports.ts')),
};

const seen = explore(tables, machines, models.exampleDevices);
const others = exploreOthers(machines, models.exampleDevices);

/** By the name of the page. */
const drawn = {
  domain: diagramOf(machines.domainMachine),
  monitor: diagramOf(machines.monitorMachine),
  'process-event': diagramOf(machines.processEventMachine),
  'qemu-job': diagramOf(machines.qemuJobMachine),
};
const brief = (/** @type {unknown} */ diagram) => toMermaid(diagram, { detail: 'brief' });

/** @type {Record<string, (present: string) => string | Promise<string>>} */
const pages = {
  'docs/architecture.md': (present) => arrowsSection(root, present),
  'docs/coverage.md': () => coveragePage(models),
  'docs/events.md': () => eventsPage(root, tables, seen, others),
  'docs/states.md': (present) => statesSections(present, tables, drawn.domain, brief, seen),
};
/** A recording of libvirt that the page of diagrams shows. */
const RECORDING = 'test/data/golden/guest-mac-change.qmp.jsonl';
pages['docs/diagrams/guest-mac-change.svg'] = async () =>
  sequenceToSvg(await sequenceOf(parseRecording(RECORDING, readFileSync(`${root}${RECORDING}`, 'utf8'))));
for (const [name, diagram] of Object.entries(drawn)) {
  pages[`docs/machines/${name}.md`] = () => machinePage(root, name, diagram, brief(diagram));
  pages[`docs/machines/${name}.svg`] = () => toSvg(diagram, { detail: 'brief' });
}

const different = [];
for (const [path, make] of Object.entries(pages)) {
  const file = `${root}${path}`;
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const text = await make(present);
  if (text === present) continue;
  different.push(path);
  if (check) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (different.length === 0) console.log('docs: the generated pages are as the source has them');
else if (check) {
  console.error(`docs: not as the source has them, run npm run docs: ${different.join(', ')}`);
  process.exitCode = 1;
} else console.log(`docs: written: ${different.join(', ')}`);
