// Names of types. The introspection hides QAPI's own: they are no part of QEMU's interface. So a type is named after
// the place where it first occurs, and the few that everybody knows by QAPI's name after that.

/**
 * Place → QAPI's name. A place is a command or event, `arguments`, `return` or `data`, and members from there on; a
 * variant counts as a member named by its case. A place that a QEMU does not have is passed over.
 */
export const KNOWN_PLACES = {
  'block-export-add/arguments': 'BlockExportOptions',
  'blockdev-add/arguments': 'BlockdevOptions',
  'blockdev-add/arguments/qcow2/file': 'BlockdevRef',
  'blockdev-create/arguments/options': 'BlockdevCreateOptions',
  'chardev-add/arguments/backend': 'ChardevBackend',
  'migrate-set-parameters/arguments': 'MigrateSetParameters',
  'netdev_add/arguments': 'Netdev',
  'object-add/arguments': 'ObjectOptions',
  'query-block/return': 'BlockInfo',
  'query-block/return/inserted': 'BlockDeviceInfo',
  'query-block/return/inserted/image': 'ImageInfo',
  'query-block-exports/return': 'BlockExportInfo',
  'query-block-jobs/return': 'BlockJobInfo',
  'query-blockstats/return': 'BlockStats',
  'query-chardev/return': 'ChardevInfo',
  'query-cpus-fast/return': 'CpuInfoFast',
  'query-dump/return/status': 'DumpStatus',
  'query-hotpluggable-cpus/return': 'HotpluggableCPU',
  'query-iothreads/return': 'IOThreadInfo',
  'query-jobs/return': 'JobInfo',
  'query-jobs/return/status': 'JobStatus',
  'query-jobs/return/type': 'JobType',
  'query-machines/return': 'MachineInfo',
  'query-memory-devices/return': 'MemoryDeviceInfo',
  'query-migrate/return': 'MigrationInfo',
  'query-migrate/return/status': 'MigrationStatus',
  'query-migrate-capabilities/return/capability': 'MigrationCapability',
  'query-migrate-parameters/return': 'MigrationParameters',
  'query-pci/return': 'PciInfo',
  'query-qmp-schema/return': 'SchemaInfo',
  'query-rx-filter/return': 'RxFilterInfo',
  'query-rx-filter/return/unicast': 'RxState',
  'query-status/return': 'StatusInfo',
  'query-status/return/status': 'RunState',
  'query-version/return': 'VersionInfo',
  'transaction/arguments/actions': 'TransactionAction',
};

/**
 * Commands whose arguments are open: QEMU takes more than its introspection says, here the properties of the
 * device (QAPI `qdev.json:device_add`, `'gen': false`).
 */
export const OPEN_ARGUMENTS = new Set(['device_add']);

/** What the generated file uses itself. */
const RESERVED = ['Commands', 'Events', 'None', 'Record'];

/** @example pascal('block-job-cancel') // 'BlockJobCancel' */
export const pascal = (/** @type {string} */ text) =>
  text
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => {
      // BLOCK_IO_ERROR is written as BlockIoError, but driveAdd keeps its inner capital.
      const rest = /^[A-Z0-9]+$/.test(word) ? word.slice(1).toLowerCase() : word.slice(1);
      return word.slice(0, 1).toUpperCase() + rest;
    })
    .join('');

/** Gives each name once. */
export class Names {
  #taken = new Set([...RESERVED, ...Object.values(KNOWN_PLACES)]);

  /** @param {string[]} wishes - the first that is free, else the last with a number */
  take(...wishes) {
    let name = wishes.find((wish) => !this.#taken.has(wish));
    for (let i = 2; name === undefined; i++)
      if (!this.#taken.has(`${wishes.at(-1)}${i}`)) name = `${wishes.at(-1)}${i}`;
    this.#taken.add(name);
    return name;
  }
}
