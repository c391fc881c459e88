import type { Command } from 'commander';
import type { Run } from '../run.ts';
export function addReplay(_program: Command, _run: Run): void {}
