/**
 * What a device is, by its type in QEMU's object model: libvirt's word for its kind, for a disk its bus, for memory
 * its model.
 *
 * libvirt 9.0.0 `src/qemu/qemu_command.c` has the types that it starts; the others are of QEMU 7.2 `-device help`.
 */
import type { MemoryDevice } from '../../events/devices.ts';

export type Kind =
  | {
      readonly type: 'disk';
      /** libvirt's word; null: on an IDE bus, whose controller says whether it is `ide` or `sata`. */
      readonly bus: string | null;
      /** A controller, if no drive is its own. */
      readonly orController?: true;
    }
  | { readonly type: 'memory'; readonly model: MemoryDevice['model'] }
  | { readonly type: string & {} };

const disk = (bus: string | null): Kind => ({ type: 'disk', bus });
const memory = (model: MemoryDevice['model']): Kind => ({ type: 'memory', model });
const other = (type: string): Kind => ({ type });

/** Of the type without its transport (`-pci`, `-device`, `-ccw`, `-pci-non-transitional`). The first that fits. */
const rows: readonly (readonly [RegExp, Kind])[] = [
  [/^(virtio|vhost-user)-blk$/, disk('virtio')],
  [/^scsi-(hd|cd|disk|block)$/, disk('scsi')],
  [/^ide-(hd|cd|drive)$/, disk(null)],
  [/^usb-(storage|uas)$/, disk('usb')],
  [/^floppy$/, disk('fdc')],
  [/^sd-card$/, disk('sd')],
  [/^nvme-ns$/, disk('nvme')],
  [/^nvme$/, { type: 'disk', bus: 'nvme', orController: true }],

  [/^pc-dimm$/, memory('dimm')],
  [/^nvdimm$/, memory('nvdimm')],
  [/^virtio-pmem$/, memory('virtio-pmem')],
  [/^virtio-mem$/, memory('virtio-mem')],
  [/^sgx-epc$/, memory('sgx-epc')],

  [/^virtio-net$/, other('net')],
  [/^(e1000(-.+)?|e1000e|igb|i82\w+|ne2k_(pci|isa)|pcnet|rtl8139|tulip|usb-net|vmxnet3)$/, other('net')],
  [/^(spapr-vlan|sungem|sunhme|xen-net-device)$/, other('net')],

  [/^virtserialport$/, other('channel')],
  [/^(i6300esb|ib700|diag288)$/, other('watchdog')],
  [/^virtio-balloon$/, other('balloon')],
  [/^pvpanic$/, other('panic')],
  [/^(virtio|vhost-user)-rng$/, other('rng')],

  [/^(isa|pci|usb)-serial(-\dx)?$|^(isa-debugcon|spapr-vty)$/, other('serial')],
  [/^isa-parallel$/, other('parallel')],
  [/^(virtconsole|sclpconsole|sclplmconsole)$/, other('console')],
  [/^usb-(kbd|mouse|tablet|wacom-tablet)$|^virtio-(keyboard|mouse|tablet|input-host)$/, other('input')],
  [/^vhost-user-input$|^vmmouse$/, other('input')],
  [/^((secondary-|isa-)?vga|(isa-)?cirrus-vga|qxl(-vga)?|bochs-display|ramfb)$/i, other('video')],
  [/^(virtio-(gpu|vga)(-gl)?|vhost-user-(gpu|vga)|vmware-svga|ati-vga)$/, other('video')],
  [
    /^(AC97|ES1370|sb16|adlib|gus|cs4231a|usb-audio|(ich9-)?intel-hda|hda-.+|virtio-s(ound|nd))$/,
    other('sound'),
  ],
  [/^(vfio-.+|usb-host|scsi-generic|vhost-scsi)$/, other('hostdev')],
  [/^(virtio-9p|vhost-user-fs)$/, other('fs')],
  [/^tpm-.+$/, other('tpm')],
  [/^vhost-(user-)?vsock$/, other('vsock')],
  [/^(intel|amd|virtio)-iommu$/, other('iommu')],
  [/^virtio-crypto$/, other('crypto')],
  [/^ivshmem-.+$/, other('shmem')],
  [/^usb-redir$/, other('redirdev')],
  [/^usb-hub$/, other('hub')],
  [/^ccid-card-.+$/, other('smartcard')],

  [
    /^(pcie?-root-port|ioh3420|x3130-upstream|xio3130-downstream|cxl-(rp|upstream|downstream))$/,
    other('controller'),
  ],
  [
    /^(pci-bridge(-seat)?|pcie-pci-bridge|i82801b11-bridge|pxb(-.+)?|spapr-pci-host-bridge)$/,
    other('controller'),
  ],
  [/^((qemu|nec-usb)-xhci|usb-ehci|pci-ohci|(ich9|piix\d)-usb-.+|usb-ccid)$/, other('controller')],
  [/^(ich9-ahci|piix\d-ide|isa-ide|isa-fdc|sdhci-pci|virtio-serial)$/, other('controller')],
  [
    /^(virtio-scsi|lsi53c8.+|megasas(-.+)?|mptsas1068|pvscsi|am53c974|dc390|spapr-vscsi)$/,
    other('controller'),
  ],
];

/** What a device of this type is; `other` if it is not known. */
export function kindOf(qomType: string): Kind {
  const model = qomType
    .replace(/-(non-)?transitional$/, '')
    .replace(/^((?:virtio|vhost)-.+|pvpanic)-(?:pci|device|ccw)$/, '$1');
  return rows.find(([pattern]) => pattern.test(model))?.[1] ?? other('other');
}
