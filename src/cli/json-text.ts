/** JSON as text, where numbers must stay as they are written. */

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[^\s]/g;

/**
 * The text of a member's value in a JSON object.
 *
 * @example `memberText('{"return": {"size": 18446744073709551615}, "id": 1}', 'return')`
 * @param text - must be JSON
 */
export function memberText(text: string, name: string): string | undefined {
  let depth = 0;
  let key: string | undefined;
  let expectsKey = false;
  let start = -1;
  let found: string | undefined;
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match;
    const closes = token === '}' || token === ']';
    if (depth === 1 && start >= 0 && (token === ',' || token === '}')) {
      // The last one counts, as in JSON.parse.
      if (key === name) found = text.slice(start, match.index).trim();
      start = -1;
    }
    if (depth === 1 && token === ',') expectsKey = true;
    else if (depth === 1 && expectsKey && token.startsWith('"')) {
      key = JSON.parse(token);
      expectsKey = false;
    } else if (depth === 1 && token === ':' && start < 0) start = match.index + 1;
    if (token === '{' || token === '[') {
      depth += 1;
      if (depth === 1) expectsKey = true;
    } else if (closes) depth -= 1;
  }
  return found;
}

/** The first number that JavaScript cannot hold as it is written, for instance 18446744073709551615. */
export function inexactNumber(text: string): string | undefined {
  for (const [token] of text.matchAll(TOKEN)) {
    if (!/^[-\d]/.test(token)) continue;
    const value = Number(token);
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return token;
  }
  return undefined;
}
