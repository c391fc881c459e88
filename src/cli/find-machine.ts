/** The machine that a command line names: one of ours, or one that a file or a package exports. */
import { resolve } from 'node:path';
import type { AnyStateMachine } from 'xstate';
import { createModel, isMachine, isModel, type Model } from '../model/index.ts';
import { InputError } from './errors.ts';
import { findModule } from './find-module.ts';
import { type Exports, loadModule } from './load-module.ts';

/** Ours, with the function of `qemu-actors/testing` that makes the model. */
export const ownMachines = {
  domain: 'domainModel',
  monitor: 'monitorModel',
  'process-event': 'processEventModel',
  'qemu-job': 'qemuJobModel',
} as const;

/** An export, as another file imports it. */
export interface ExportPlace {
  /** Absolute path of a file, or a package as it was named. */
  readonly from: string;
  readonly isFile: boolean;
  /** `default` for the default. */
  readonly name: string;
}

export interface FoundMachine {
  readonly model: Model;
  /** Null: it is one of ours. */
  readonly place: ExportPlace | null;
  /** What is there: a machine, or a model with examples. */
  readonly is: 'machine' | 'model';
}

const isOwn = (name: string): name is keyof typeof ownMachines => Object.hasOwn(ownMachines, name);

/**
 * @param argument - `domain`, `order.ts`, `order.ts#orderMachine`, `some-package#machine`
 * @throws InputError if there is none; it names the machines that are there
 */
export async function findMachine(argument: string): Promise<FoundMachine> {
  if (isOwn(argument)) {
    const { ownModels } = await import('../testing/models/index.ts');
    return { model: ownModels[argument](), place: null, is: 'model' };
  }
  const { exported, place } = await findExported(argument);
  return isModel(exported)
    ? { model: exported, place, is: 'model' }
    : { model: createModel(exported), place, is: 'machine' };
}

/**
 * The machine as it is defined, for who makes no walks of it.
 *
 * @param argument - as for {@link findMachine}
 * @throws InputError as {@link findMachine}
 */
export async function findDefinition(argument: string): Promise<AnyStateMachine> {
  if (isOwn(argument)) {
    const { ownModels } = await import('../testing/models/index.ts');
    return ownModels[argument]().instrumented.original;
  }
  const { exported } = await findExported(argument);
  return isModel(exported) ? exported.instrumented.original : exported;
}

async function findExported(
  argument: string,
): Promise<{ readonly exported: AnyStateMachine | Model; readonly place: ExportPlace }> {
  const { source, name } = splitExport(argument);
  const place = placeOf(source);
  const exports = await loadModule(place.path);
  const exportName = name ?? onlyName(source, exports);
  const exported = Object.hasOwn(exports, exportName) ? exports[exportName] : undefined;
  if (exported === undefined)
    throw new InputError(`${source}: it does not export '${exportName}'; ${listOf(exports)}`);
  if (!isMachineOrModel(exported))
    throw new InputError(
      `${source}: '${exportName}' is ${kindOf(exported)}, and no machine; ${listOf(exports)}`,
    );
  return { exported, place: { ...place, name: exportName } };
}

/** @example `order.ts#orderMachine`; the name is null if there is none */
function splitExport(argument: string): { readonly source: string; readonly name: string | null } {
  const at = argument.lastIndexOf('#');
  return at === -1
    ? { source: argument, name: null }
    : { source: argument.slice(0, at), name: argument.slice(at + 1) };
}

function placeOf(source: string): { readonly path: string; readonly from: string; readonly isFile: boolean } {
  const path = findModule(source, process.cwd());
  const isFile = path === resolve(source);
  return { path, from: isFile ? path : source, isFile };
}

/**
 * Where an export is that a file is to import; it is not loaded.
 *
 * @param argument - as `order-system.ts#orderSystem`; without a name its default
 * @throws InputError if there is no such file or package
 */
export function findExport(argument: string): ExportPlace {
  const { source, name } = splitExport(argument);
  const { from, isFile } = placeOf(source);
  return { from, isFile, name: name ?? 'default' };
}

/**
 * What is exported there.
 *
 * @param argument - as for {@link findExport}
 * @throws InputError if the file cannot be loaded, or does not export it
 */
export async function loadExport(argument: string): Promise<unknown> {
  const { source, name } = splitExport(argument);
  const exports = await loadModule(placeOf(source).path);
  const exported = exports[name ?? 'default'];
  if (exported !== undefined) return exported;
  throw new InputError(
    `${source}: it does not export '${name ?? 'default'}', only ${namesOf(exports).join(', ')}`,
  );
}

const isMachineOrModel = (value: unknown): value is AnyStateMachine | Model =>
  isMachine(value) || isModel(value);

const namesOf = (exports: Exports): string[] => Object.keys(exports).sort();

const machinesOf = (exports: Exports): string[] =>
  namesOf(exports).filter((name) => name !== 'module.exports' && isMachineOrModel(exports[name]));

/** @throws InputError if there is none, or are several without a default */
function onlyName(source: string, exports: Exports): string {
  const names = machinesOf(exports);
  // The same under several names is one.
  const [name, ...others] = names.filter(
    (one, at) => names.findIndex((other) => exports[other] === exports[one]) === at,
  );
  if (name === undefined) throw new InputError(`${source}: ${listOf(exports)}`);
  if (others.length === 0) return name;
  if (names.includes('default')) return 'default';
  throw new InputError(`${source}: ${listOf(exports)}: say which, as ${source}#${name}`);
}

function listOf(exports: Exports): string {
  const names = machinesOf(exports);
  if (names.length > 0) return `its machines are ${names.join(', ')}`;
  const all = namesOf(exports);
  return `it exports no machine${all.length === 0 ? '' : `, only ${all.slice(0, 10).join(', ')}`}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
  const isActor = 'getSnapshot' in value;
  const isOlder = '__xstatenode' in value;
  return isActor
    ? 'an actor'
    : isOlder
      ? 'a machine of XState 4'
      : Array.isArray(value)
        ? 'a list'
        : 'an object';
}
