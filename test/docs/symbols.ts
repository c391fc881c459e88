/** Finds in a source file what a page names as `file.ts:symbol`. */
import { readFileSync } from 'node:fs';
import ts from '@typescript/typescript6';

/**
 * Whether a file declares `symbol`: a name at its top level, or a path from one: `Link.run` (a member of a class
 * or an interface), `qemuEvents.STOP` or `active.on.qemu.STOP` (keys of an object, wherever calls wrap it).
 */
export function declares(file: string, symbol: string): boolean {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);
  return source.statements
    .flatMap(declarationsOf)
    .some(
      ([name, node]) =>
        name === symbol || (symbol.startsWith(`${name}.`) && has(node, symbol.slice(name.length + 1))),
    );
}

type Named = readonly [name: string, node: ts.Node];

function declarationsOf(statement: ts.Statement): Named[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map((each) => [each.name.getText(), each]);
  const { name } = statement as ts.Statement & { readonly name?: ts.Node };
  return name === undefined ? [] : [[name.getText(), statement]];
}

/** Whether there is a member at a path below a node. Keys may hold dots themselves. */
function has(node: ts.Node, path: string): boolean {
  return membersOf(node).some(
    ([name, member]) =>
      name === path || (path.startsWith(`${name}.`) && has(member, path.slice(name.length + 1))),
  );
}

function membersOf(node: ts.Node): Named[] {
  if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) return named(node.members);
  if (ts.isObjectLiteralExpression(node)) return named(node.properties);
  if (ts.isTypeLiteralNode(node)) return named(node.members);
  if (ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node))
    return node.initializer === undefined ? [] : membersOf(node.initializer);
  if (ts.isPropertySignature(node) || ts.isTypeAliasDeclaration(node))
    return node.type === undefined ? [] : membersOf(node.type);
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node))
    return membersOf(node.expression);
  if (ts.isCallExpression(node)) return node.arguments.flatMap(membersOf);
  if (ts.isArrowFunction(node)) return membersOf(node.body);
  return [];
}

const named = (members: readonly (ts.Node & { readonly name?: ts.Node | undefined })[]): Named[] =>
  members.flatMap((member) =>
    member.name === undefined
      ? []
      : [[ts.isStringLiteral(member.name) ? member.name.text : member.name.getText(), member] as const],
  );
