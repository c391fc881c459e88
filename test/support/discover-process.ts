/**
 * Finds the devices of a QEMU in a process of its own, which can be in a network namespace, and prints them as
 * JSON. Arguments: path of the monitor, pid of QEMU.
 */
import { discoverDevices } from '../../src/actors/discovery/discover-devices.ts';
import { createNodeRuntime } from '../../src/loop/node-runtime.ts';
import { HarnessMonitor } from './harness-monitor.ts';

const [, , path = '', pid = ''] = process.argv;
const monitor = await HarnessMonitor.connect(path);
const runtime = createNodeRuntime();
const devices = await discoverDevices({
  execute: (command, args) => monitor.execute(command, args),
  runtime,
  process: await runtime.processes.identify(Number(pid)),
  signal: new AbortController().signal,
});
monitor.close();
process.stdout.write(`${JSON.stringify(devices)}\n`);
