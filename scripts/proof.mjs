// Runs a proof in full and writes its result to docs/proofs.
//
// usage: npm run proof                         lists the proofs
//        npm run proof -- NAME                 runs test/proof/NAME.proof.ts, writes docs/proofs/NAME.md
//        npm run proof -- NAME COUNT=NUMBER…   a trial with other counts; writes nothing

import { execFileSync, fork } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** @typedef {import('../test/support/proof.ts').ProofResult} ProofResult */

/** Without the optimizing compilers: code that V8 makes meanwhile is no leak, but counts as heap. */
const WITHOUT_COMPILERS = ['--no-opt', '--no-sparkplug', '--no-lazy-feedback-allocation'];
/** What a proof needs of Node besides. @type {Record<string, string[]>} */
const FLAGS = { lifetimes: WITHOUT_COMPILERS };

const root = fileURLToPath(new URL('..', import.meta.url));
const [name, ...settings] = process.argv.slice(2);
const nodeFlags = ['--expose-gc', ...(FLAGS[name ?? ''] ?? []), '--import', 'tsx'];

if (name === undefined) {
  const names = proofNames();
  console.log(names.length === 0 ? 'no proofs in test/proof' : names.join('\n'));
} else if (!proofNames().includes(name)) {
  console.error(`no proof ${name}: expected one of ${proofNames().join(', ') || '(none)'}`);
  process.exitCode = 2;
} else {
  process.exitCode = await run(name);
}

function proofNames() {
  const directory = `${root}test/proof`;
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((file) => file.endsWith('.proof.ts'));
  return files.map((file) => file.slice(0, -'.proof.ts'.length)).sort();
}

/** @param {string} proof */
async function run(proof) {
  // What is proven is what is there now, even if somebody commits meanwhile.
  const commit = describeCommit();
  /** @type {ProofResult | undefined} */
  let result;
  const child = fork(`${root}test/proof/${proof}.proof.ts`, settings, {
    cwd: root,
    execArgv: nodeFlags,
  });
  child.on('message', (message) => {
    result = /** @type {ProofResult} */ (message);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0 || result === undefined) {
    console.error(`proof ${proof} failed`);
    return 1;
  }
  if (settings.length > 0) {
    console.log(`proof ${proof}: trial passed, nothing written`);
    return 0;
  }
  const file = `docs/proofs/${proof}.md`;
  mkdirSync(`${root}docs/proofs`, { recursive: true });
  writeFileSync(`${root}${file}`, page(result, commit));
  console.log(`proof ${proof} passed: ${file}`);
  return 0;
}

function describeCommit() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', '.', ':!docs/proofs') !== '';
  return git('rev-parse', '--short=12', 'HEAD') + (changed ? ' with uncommitted changes' : '');
}

function qemuVersion() {
  try {
    return execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    return 'none';
  }
}

/**
 * @param {ProofResult} result
 * @param {string} commit
 */
function page({ name, title, counts, rows, tables }, commit) {
  const cell = (value) =>
    String(value ?? '')
      .replaceAll('|', '\\|')
      .replaceAll('\n', ' ');
  const facts = [
    ['Command', `\`npm run proof -- ${name}\``],
    ['Commit', commit],
    ['Machine', `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB memory`],
    ['Node', `${process.version}, with \`${nodeFlags.join(' ')}\``],
    ['QEMU', qemuVersion()],
    [
      'Counts',
      Object.entries(counts)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ') || 'none',
    ],
  ];
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  const judged = ({ ok }) => (ok === undefined ? '' : ok ? 'yes' : 'no');
  return [
    `# ${title}`,
    '',
    ...facts.map(([key, value]) => `- ${key}: ${value}`),
    '',
    '| what | value | required | kept |',
    '|---|---|---|---|',
    ...rows.map((row) => line([row.what, row.value, row.required, judged(row)])),
    '',
    ...tables.flatMap(({ title, head, rows }) => [
      `## ${title}`,
      '',
      line(head),
      `|${'---|'.repeat(head.length)}`,
      ...rows.map(line),
      '',
    ]),
  ].join('\n');
}
