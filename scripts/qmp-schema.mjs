// Writes src/qmp/schema.generated.ts: the types of all commands and events, from QEMU's own introspection.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { askQemu } from './qmp-schema/ask.mjs';
import { schemaText } from './qmp-schema/text.mjs';

const USAGE = `usage: npm run schema -- [--check] [QEMU-BINARY…]

Asks each QEMU (default: qemu-system-x86_64) for its schema, and writes src/qmp/schema.generated.ts. What not all of
them have is optional there, and says since when it is there.

  --check  writes nothing; exit status 1 if the file is not what would be written
  --help   this text`;

const PATH = 'src/qmp/schema.generated.ts';

async function main() {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) return console.log(USAGE);
  const binaries = positionals.length === 0 ? ['qemu-system-x86_64'] : positionals;
  const text = schemaText(await Promise.all(binaries.map(askQemu)));
  const file = fileURLToPath(new URL(`../${PATH}`, import.meta.url));
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (text === present) return console.log(`schema: ${PATH} is as QEMU has it`);
  if (values.check) throw new Error(`${PATH} is not as QEMU has it, run npm run schema`);
  writeFileSync(file, text);
  console.log(`schema: ${PATH} written, ${text.split('\n').length - 1} lines`);
}

try {
  await main();
} catch (error) {
  console.error(`schema: ${error.message}`);
  process.exitCode = 1;
}
