/** A host interface that exists only in the demo: it is read and compared, and nothing is ever changed. */
import type { HostInterface, HostNetwork } from '../../host/host-network.ts';

export const PRETEND_INTERFACE = 'macvtap0';

/** As libvirt makes a macvtap for a NIC: the NIC's MAC, and no filter of the guest's yet. */
const macvtap = (mac: string): HostInterface => ({
  name: PRETEND_INTERFACE,
  ifindex: 7,
  kind: 'macvtap',
  filter: { mac, promiscuous: false, multicast: 'normal', multicastTable: [] },
});

export class PretendNetwork implements HostNetwork {
  readonly dryRun = true;
  readonly #interface: HostInterface;
  #gate: Promise<void> | null = null;
  #onRead: (() => void) | null = null;

  constructor(mac: string) {
    this.#interface = macvtap(mac);
  }

  /**
   * The next reading waits.
   *
   * @returns `reached` resolves when somebody reads; `release` lets them
   */
  hold(): { readonly reached: Promise<void>; release(): void } {
    let release = (): void => {};
    this.#gate = new Promise((resolve) => {
      release = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      this.#onRead = resolve;
    });
    return {
      reached,
      release: () => {
        this.#gate = null;
        release();
      },
    };
  }

  async read(name: string): Promise<HostInterface | null> {
    this.#onRead?.();
    await this.#gate;
    return name === PRETEND_INTERFACE ? this.#interface : null;
  }

  apply: HostNetwork['apply'] = async (_target, changes, signal, onResult) => {
    for (const change of changes) {
      signal.throwIfAborted();
      onResult({ change, error: null });
    }
  };
}
