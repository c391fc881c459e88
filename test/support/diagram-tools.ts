/** The programs that read what we draw. */
import { spawnSync } from 'node:child_process';

const TOOLS = ['dot', 'plantuml', 'xmllint'];

/** Null, or which of them are missing. */
export function diagramToolsAvailable(): string | null {
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length === 0) return null;
  return `programs are missing (Debian: graphviz, plantuml, libxml2-utils): ${missing.join(', ')}`;
}
