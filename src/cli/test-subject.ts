/** How a generated test file comes to the machine: imports, and the system that it runs walks against. */
import { dirname, relative, resolve } from 'node:path';
import type { VitestSubject } from '../model/index.ts';
import { quoted } from '../model/output/source.ts';
import { type ExportPlace, type FoundMachine, ownMachines } from './find-machine.ts';

/** What the file has under these names already. */
const taken = new Set(['createModel', 'describe', 'liveSystem', 'runWalk', 'system', 'test']);

export interface SubjectOptions {
  /** As it was named. */
  readonly argument: string;
  readonly machine: FoundMachine;
  /** The user's own system, if he has one. */
  readonly adapter: ExportPlace | null;
  /** Of the file; null: it goes to standard output, so it is taken to stand here. */
  readonly out: string | null;
  readonly command: string;
}

export function subjectOf({ argument, machine, adapter, out, command }: SubjectOptions): VitestSubject {
  if (adapter !== null) {
    const [name, statement] = importOf(adapter, 'adapter', out);
    return { imports: [statement], system: name, isOwn: true, command };
  }
  const { place, is, model } = machine;
  if (place === null) {
    const make = ownMachines[argument as keyof typeof ownMachines];
    return {
      imports: [`import { ${make} } from 'qemu-actors/testing';`],
      system: `liveSystem(${make}())`,
      command,
    };
  }
  const [name, statement] = importOf(place, identifierOf(model.name, is), out);
  const made = is === 'model' ? name : `createModel(${name})`;
  return { imports: [statement], system: `liveSystem(${made})`, command };
}

/** @param otherName - of a default, and where its own name is taken */
function importOf(
  { from, isFile, name }: ExportPlace,
  otherName: string,
  out: string | null,
): [string, string] {
  const source = quoted(isFile ? specifierOf(from, out) : from);
  if (name === 'default') return [otherName, `import ${otherName} from ${source};`];
  if (taken.has(name)) return [otherName, `import { ${name} as ${otherName} } from ${source};`];
  return [name, `import { ${name} } from ${source};`];
}

function specifierOf(file: string, out: string | null): string {
  const path = relative(out === null ? '' : dirname(resolve(out)), file).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** @example `orderMachine` of `order`, `pullRequestModel` of `pull-request` */
function identifierOf(id: string, is: 'machine' | 'model'): string {
  const words = id.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const [first = 'the', ...rest] = words.map((word, at) =>
    at === 0 ? word : word[0]?.toUpperCase() + word.slice(1),
  );
  const name = [first[0]?.toLowerCase() + first.slice(1), ...rest].join('').replace(/^\d/, '_$&');
  return new RegExp(`${is}$`, 'i').test(name) ? name : `${name}${is === 'machine' ? 'Machine' : 'Model'}`;
}
