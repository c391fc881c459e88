/** A host with one macvtap, behind the runtime that iproute2.ts calls: `ip` and /proc/net/dev_mcast. */
import { createNodeRuntime } from '../../src/loop/node-runtime.ts';
import type { CommandResult, RunOptions, Runtime } from '../../src/loop/runtime.ts';

export interface IpCommand {
  readonly args: readonly string[];
  /** Lines of a batch. */
  readonly lines: readonly string[];
  /** Whether it changes anything. */
  readonly writes: boolean;
}

export class FakeHost {
  readonly name = 'macvtap0';
  ifindex = 7;
  kind = 'macvtap';
  mac = '52:54:00:00:00:01';
  flags = ['BROADCAST', 'MULTICAST', 'UP'];
  groups: string[] = [];
  present = true;
  /** Every `ip` that was started, in order. */
  readonly commands: IpCommand[] = [];
  /** Runs before a command does its work, with its number from 1 on. */
  before: (command: IpCommand, number: number) => void | Promise<void> = () => {};
  readonly runtime: Runtime;

  constructor(base: Runtime = createNodeRuntime()) {
    this.runtime = {
      ...base,
      processes: { ...base.processes, run: (_file, args, options) => this.#run(args, options) },
      files: {
        ...base.files,
        read: (path) =>
          path === '/proc/net/dev_mcast' ? Promise.resolve(this.#multicast()) : base.files.read(path),
      },
    };
  }

  /** Commands that were started and change something. */
  get writes(): readonly IpCommand[] {
    return this.commands.filter((command) => command.writes);
  }

  #multicast(): string {
    const row = (group: string, global: number) =>
      `${this.ifindex}    ${this.name}        1     ${global}     ${group.replaceAll(':', '')}\n`;
    return row('33:33:00:00:00:01', 0) + this.groups.map((group) => row(group, 1)).join('');
  }

  async #run(args: readonly string[], { input = '' }: RunOptions): Promise<CommandResult> {
    const lines = input.split('\n').filter((line) => line !== '');
    const command = { args, lines, writes: args[0] === 'maddress' || args.includes('-batch') };
    this.commands.push(command);
    await this.before(command, this.commands.length);
    if (args.includes('show')) return this.#show();
    if (args[0] === 'maddress') this.#maddress(args[1] ?? '', args[2] ?? '');
    for (const line of lines) this.#link(line.split(' '));
    return { code: 0, stdout: '', stderr: '' };
  }

  #show(): CommandResult {
    if (!this.present) return { code: 1, stdout: '', stderr: `Device "${this.name}" does not exist.\n` };
    const { name: ifname, ifindex, flags, mac: address } = this;
    const link = { ifindex, ifname, flags, address, linkinfo: { info_kind: this.kind } };
    return { code: 0, stdout: JSON.stringify([link]), stderr: '' };
  }

  #maddress(verb: string, group: string): void {
    if (verb === 'add') this.groups = [...this.groups, group];
    else this.groups = this.groups.filter((other) => other !== group);
  }

  #link(words: readonly string[]): void {
    const at = words.indexOf(this.name);
    const [what = '', value = ''] = words.slice(at + 1);
    if (what === 'address') this.mac = value;
    const flag = { promisc: 'PROMISC', allmulticast: 'ALLMULTI', multicast: 'MULTICAST' }[what];
    if (flag === undefined) return;
    this.flags = this.flags.filter((other) => other !== flag);
    if (value === 'on') this.flags.push(flag);
  }
}

/** The NIC of a domain that follows its guest on a FakeHost. */
export const trustedNic = {
  type: 'net',
  alias: 'net0',
  mac: '52:54:00:00:00:01',
  trustGuestRxFilters: true,
  host: { interface: 'macvtap0', kind: 'macvtap' },
  backend: null,
} as const;
