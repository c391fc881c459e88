/** All commands, and what is the same for every command line. */
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
