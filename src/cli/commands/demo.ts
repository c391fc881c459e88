import type { Command } from 'commander';
import type { Run } from '../run.ts';
export function addDemo(_program: Command, _run: Run): void {}
