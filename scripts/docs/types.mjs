// Reads interfaces out of a source file: what a table's type says of its rows.

import { readFileSync } from 'node:fs';
import ts from '@typescript/typescript6';

/** @param {string} file */
export const parse = (file) =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);

/**
 * The members of an interface: their names, types as they are written, and comments.
 *
 * @param {string} file
 * @param {string} name
 */
export function membersOfInterface(file, name) {
  const source = parse(file);
  const found = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (found === undefined || !ts.isInterfaceDeclaration(found))
    throw new Error(`no interface ${name} in ${file}`);
  return new Map(found.members.filter(ts.isPropertySignature).map((member) => [nameOf(member), member]));
}

/**
 * The members of a type as a list in a table's cell, `none` if there are none.
 *
 * @param {ts.PropertySignature | undefined} property
 */
export function describeType(property) {
  const type = property?.type;
  if (type === undefined) return '';
  if (/^Record<string, never>$/.test(type.getText())) return 'none';
  if (!ts.isTypeLiteralNode(type)) return `\`${type.getText()}\``;
  return type.members
    .filter(ts.isPropertySignature)
    .map((member) => {
      const optional = member.questionToken === undefined ? '' : '?';
      const comment = commentOf(member);
      const text = `\`${nameOf(member)}${optional}: ${plain(member.type)}\``;
      return comment === '' ? text : `${text} (${comment})`;
    })
    .join('<br>');
}

/** @param {ts.Node | undefined} type */
const plain = (type) =>
  wordsOf(type)
    .replaceAll(/\breadonly /g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\(typeof (\w+)\)\[number\]/g, 'one of $1');

/** @param {ts.PropertySignature} member */
const nameOf = ({ name }) => (ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : name.getText());

/** @param {ts.Node} node */
function commentOf(node) {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? '';
  return text.replace(/\.$/, '').replaceAll(/\s+/g, ' ');
}

/**
 * The text of a type, with the words of a list of words of the same file in its place.
 *
 * @param {ts.Node | undefined} type
 */
function wordsOf(type) {
  const text = type?.getText() ?? 'unknown';
  const alias = type
    ?.getSourceFile()
    .statements.find((statement) => ts.isTypeAliasDeclaration(statement) && statement.name.text === text);
  const isWords =
    alias !== undefined &&
    ts.isTypeAliasDeclaration(alias) &&
    ts.isUnionTypeNode(alias.type) &&
    alias.type.types.every((each) => ts.isLiteralTypeNode(each));
  return isWords ? alias.type.getText().replace(/^\s*\|\s*/, '') : text;
}

/**
 * The comments of what stands in objects of a certain name, in some files: `actions: { … }`.
 *
 * @param {string[]} files
 * @param {string} name
 */
export function commentsIn(files, name) {
  /** @type {Map<string, string>} */
  const comments = new Map();
  const visit = (/** @type {ts.Node} */ node) => {
    if (
      ts.isPropertyAssignment(node) &&
      node.name.getText() === name &&
      ts.isObjectLiteralExpression(node.initializer)
    )
      for (const member of node.initializer.properties)
        comments.set(member.name?.getText() ?? '', commentOf(member));
    else ts.forEachChild(node, visit);
  };
  for (const file of files) visit(parse(file));
  return comments;
}
