#!/usr/bin/env node
/** The program. Its process ends by itself, as everything is closed when `main` is through. */
import { nodeIo } from './io.ts';
import { main } from './program.ts';

process.exitCode = await main(process.argv.slice(2), nodeIo());
