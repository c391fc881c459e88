import { describe, expect, test } from 'vitest';
import { kindOf } from '../../../../src/actors/discovery/kinds.ts';

/** Types of QEMU 7.2, `-device help`, and a few of later ones. */
const TYPES: Record<string, string> = {
  'disk virtio':
    'virtio-blk-pci virtio-blk-pci-transitional virtio-blk-pci-non-transitional virtio-blk-device virtio-blk-ccw vhost-user-blk-pci',
  'disk scsi': 'scsi-hd scsi-cd scsi-block',
  'disk null': 'ide-hd ide-cd',
  'disk usb': 'usb-storage usb-uas',
  'disk fdc': 'floppy',
  'disk sd': 'sd-card',
  'disk nvme': 'nvme nvme-ns',
  'memory dimm': 'pc-dimm',
  'memory nvdimm': 'nvdimm',
  'memory virtio-pmem': 'virtio-pmem-pci virtio-pmem',
  'memory virtio-mem': 'virtio-mem-pci virtio-mem',
  'memory sgx-epc': 'sgx-epc',
  net: 'virtio-net-pci virtio-net-pci-non-transitional virtio-net-ccw e1000 e1000-82545em e1000e igb i82559er i82801 ne2k_pci pcnet rtl8139 usb-net vmxnet3 spapr-vlan',
  channel: 'virtserialport',
  watchdog: 'i6300esb ib700 diag288',
  balloon: 'virtio-balloon-pci virtio-balloon-ccw',
  panic: 'pvpanic pvpanic-pci',
  rng: 'virtio-rng-pci vhost-user-rng-pci',
  serial: 'isa-serial pci-serial pci-serial-4x usb-serial spapr-vty',
  console: 'virtconsole sclpconsole',
  parallel: 'isa-parallel',
  input: 'usb-kbd usb-tablet virtio-tablet-pci virtio-input-host-pci vhost-user-input-pci vmmouse',
  video:
    'VGA cirrus-vga qxl qxl-vga virtio-vga virtio-gpu-pci virtio-gpu-gl-pci bochs-display ramfb vhost-user-gpu-pci',
  sound: 'AC97 ES1370 ich9-intel-hda hda-duplex sb16 usb-audio virtio-sound-pci',
  hostdev: 'vfio-pci vfio-pci-nohotplug usb-host scsi-generic vhost-scsi-pci',
  fs: 'virtio-9p-pci vhost-user-fs-pci',
  tpm: 'tpm-tis tpm-crb tpm-spapr',
  vsock: 'vhost-vsock-pci vhost-user-vsock-pci-non-transitional',
  iommu: 'intel-iommu virtio-iommu-pci amd-iommu',
  crypto: 'virtio-crypto-pci',
  shmem: 'ivshmem-plain ivshmem-doorbell',
  redirdev: 'usb-redir',
  hub: 'usb-hub',
  smartcard: 'ccid-card-emulated',
  controller:
    'pcie-root-port ioh3420 pci-bridge i82801b11-bridge pxb-pcie qemu-xhci nec-usb-xhci usb-ehci ich9-usb-uhci1 piix3-usb-uhci ich9-ahci virtio-scsi-pci lsi53c895a megasas mptsas1068 pvscsi virtio-serial-pci isa-fdc usb-ccid piix3-ide',
  other: 'edu qemu64-x86_64-cpu vmgenid virtio nonsense- -pci child',
};

describe('a device of this type is', () => {
  const rows = Object.entries(TYPES).flatMap(([kind, types]) => types.split(' ').map((type) => [type, kind]));
  test.each(rows)('%s: %s', (qomType, expected) => {
    const kind = kindOf(qomType);
    const detail = 'bus' in kind ? ` ${kind.bus}` : 'model' in kind ? ` ${kind.model}` : '';
    expect(`${kind.type}${detail}`).toBe(expected);
  });
});
