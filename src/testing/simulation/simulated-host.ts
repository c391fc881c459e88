/** Network interfaces of a simulated host, by `ip` and /proc as `src/host/iproute2.ts` uses them. */
import type { CommandResult } from '../../loop/runtime.ts';

interface Link {
  readonly ifindex: number;
  mac: string;
  readonly flags: Set<string>;
  readonly groups: Set<string>;
  /** Its rows of `/proc/net/dev_mcast`; null since they changed. */
  rows: string | null;
}

/** Of each interface; user space did not add it. */
export const KERNEL_GROUP = '33:33:00:00:00:01';

const done: CommandResult = { code: 0, stdout: '', stderr: '' };
const noSuchInterface = (name: string): CommandResult => ({
  code: 1,
  stdout: '',
  stderr: `Device "${name}" does not exist.\n`,
});

/** `link set dev NAME KEY VALUE`: which flag a key is. */
const FLAGS: Readonly<Record<string, string>> = {
  promisc: 'PROMISC',
  multicast: 'MULTICAST',
  allmulticast: 'ALLMULTI',
};

function rowsOf(name: string, { ifindex, groups }: Link): string {
  const row = (global: 0 | 1, mac: string): string =>
    `${ifindex}    ${name}        1     ${global}     ${mac.replaceAll(':', '')}\n`;
  return row(0, KERNEL_GROUP) + [...groups].map((mac) => row(1, mac)).join('');
}

export class SimulatedHost {
  readonly #links = new Map<string, Link>();
  #lastIndex = 0;

  /** A new macvtap, also in the place of another of that name. */
  addInterface(name: string, mac: string): void {
    this.#links.set(name, {
      ifindex: ++this.#lastIndex,
      mac,
      flags: new Set(['BROADCAST', 'MULTICAST', 'UP']),
      groups: new Set(),
      rows: null,
    });
  }

  removeInterface(name: string): void {
    this.#links.delete(name);
  }

  /** Null if there is none. */
  macOf(name: string): string | null {
    return this.#links.get(name)?.mac ?? null;
  }

  /** Null if there is none. */
  indexOf(name: string): number | null {
    return this.#links.get(name)?.ifindex ?? null;
  }

  /** `/proc/net/dev_mcast` */
  get multicastText(): string {
    let text = '';
    for (const [name, link] of this.#links) text += link.rows ??= rowsOf(name, link);
    return text === '' ? '1    lo        1     0     333300000001\n' : text;
  }

  ip(args: readonly string[], input: string): CommandResult {
    if (args.includes('show')) return this.#show(args.at(-1) ?? '');
    if (args[0] === 'maddress') return this.#group(args[1] ?? '', args[2] ?? '', args[4] ?? '');
    const lines = input.split('\n').filter((line) => line !== '');
    const failed = lines.flatMap((line, index) => {
      const { stderr, code } = this.#set(line.split(' '));
      return code === 0 ? [] : [`${stderr}Command failed -:${index + 1}\n`];
    });
    return { code: failed.length === 0 ? 0 : 1, stdout: '', stderr: failed.join('') };
  }

  #show(name: string): CommandResult {
    const link = this.#links.get(name);
    if (link === undefined) return noSuchInterface(name);
    const { ifindex, mac, flags } = link;
    const shown = {
      ifindex,
      ifname: name,
      flags: [...flags],
      address: mac,
      linkinfo: { info_kind: 'macvtap' },
    };
    return { ...done, stdout: JSON.stringify([shown]) };
  }

  #group(action: string, mac: string, name: string): CommandResult {
    const link = this.#links.get(name);
    if (link === undefined) return noSuchInterface(name);
    if (action === 'add') link.groups.add(mac);
    else link.groups.delete(mac);
    link.rows = null;
    return done;
  }

  /** `link set dev NAME KEY VALUE` */
  #set([, , , name = '', key = '', value = '']: readonly string[]): CommandResult {
    const link = this.#links.get(name);
    if (link === undefined) return noSuchInterface(name);
    const flag = FLAGS[key];
    if (key === 'address') link.mac = value;
    else if (flag !== undefined && value === 'on') link.flags.add(flag);
    else if (flag !== undefined) link.flags.delete(flag);
    return done;
  }
}
