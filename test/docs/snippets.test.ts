/** The code in the pages: cut from an example, or it type-checks against the source. */
import { existsSync, readFileSync } from 'node:fs';
import ts from '@typescript/typescript6';
import { expect, test } from 'vitest';
import { pages, root, snippetsOf } from './pages.ts';

const snippets = pages.flatMap(snippetsOf);
/** `// examples/watch.mjs` in its first line: the rest stands in that file. */
const CUT_FROM = /^\/\/ (examples\/[\w.-]+)\n/;

/** What a snippet may use without saying where it is from. */
const PRELUDE = `
import type { Domain, Driver } from 'qemu-actors';
declare global {
  const driver: Driver;
  const vm: Domain;
  const signal: AbortSignal;
}
`;

test('code that names an example stands there word for word', () => {
  const cut = snippets.filter(({ code }) => CUT_FROM.test(code));
  expect(cut.length).toBeGreaterThan(2);
  const wrong = cut.filter(({ code }) => {
    const file = `${root}${CUT_FROM.exec(code)?.[1]}`;
    return !existsSync(file) || !readFileSync(file, 'utf8').includes(code.replace(CUT_FROM, '').trim());
  });
  expect(wrong.map(({ where }) => where)).toEqual([]);
});

test('code for JavaScript is cut from an example', () => {
  const loose = snippets.filter(({ language, code }) => /^m?js$/.test(language) && !CUT_FROM.test(code));
  expect(loose.map(({ where }) => where)).toEqual([]);
});

test('code for TypeScript type-checks', () => {
  const checked = snippets.filter(({ language, code }) => language === 'ts' && !CUT_FROM.test(code));
  expect(checked.length).toBeGreaterThan(3);
  expect(typeErrors(checked.map(({ where, code }) => ({ where, text: `${code}\nexport {};\n` })))).toEqual(
    [],
  );
});

test('code that does not type-check is found', () => {
  const text = `import { notThere } from 'qemu-actors';\nvm.suspend(7);\nexport {};\n`;
  expect(typeErrors([{ where: 'a page:1', text }])).toEqual([
    expect.stringContaining('a page:1: 1: '),
    expect.stringContaining('a page:1: 2: '),
  ]);
});

function typeErrors(sources: readonly { readonly where: string; readonly text: string }[]): string[] {
  const virtual = new Map([[`${root}test/docs/prelude.ts`, PRELUDE]]);
  const whereOf = new Map<string, string>();
  for (const [index, { where, text }] of sources.entries()) {
    const file = `${root}test/docs/snippet-${index}.ts`;
    virtual.set(file, text);
    whereOf.set(file, where);
  }
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    exports: Record<string, { default?: string }>;
  };
  const checking: ts.CompilerOptions = {
    ...options,
    noUnusedLocals: false,
    noUnusedParameters: false,
    // The package's own names, from the source and not from what was built of it.
    paths: Object.fromEntries(
      Object.entries(exports).flatMap(([name, { default: file }]) =>
        file === undefined
          ? []
          : [
              [
                `qemu-actors${name.slice(1)}`,
                [`${root}${file.replace('./dist/', 'src/').replace('.js', '.ts')}`],
              ],
            ],
      ),
    ),
  };
  const host = ts.createCompilerHost(checking);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => virtual.has(file) || fileExists(file);
  host.readFile = (file) => virtual.get(file) ?? readFile(file);
  host.getSourceFile = (file, languageVersion) => {
    const text = virtual.get(file);
    return text === undefined
      ? getSourceFile(file, languageVersion)
      : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram([...virtual.keys()], checking, host);
  return [...virtual.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, messageText }) => {
        const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
        return `${whereOf.get(file) ?? 'prelude'}: ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
}
