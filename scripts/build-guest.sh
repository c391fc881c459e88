#!/usr/bin/env bash
# Builds the small guest of test/qemu from two Debian packages (a kernel, a static busybox); nothing is
# installed on the host. Needs apt-get with a fresh index, dpkg and gzip. Result: .guest/current/{vmlinuz,initramfs.gz}
#
# usage: scripts/build-guest.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$here/../.guest
modules='virtio_pci virtio_net virtio_blk virtio_console virtio_balloon virtio_mem virtio_scsi sd_mod sr_mod
  8021q net_failover button evdev pvpanic_mmio pvpanic_pci'

# The cloud flavour is the smallest kernel with all of these.
kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends:/ { print $2; exit }')
if [ -z "$kernel" ]; then
  echo 'build-guest: no package linux-image-cloud-amd64 in the index: run apt-get update (on Debian, amd64)' >&2
  exit 1
fi
version=$(apt-cache show --no-all-versions "$kernel" | awk '/^Version:/ { print $2; exit }')
recipe=$(cat "$here/build-guest.sh" "$here/guest-init.sh" | sha256sum | cut -c1-64)
image=$kernel-$version-${recipe:0:12}

mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
if [ ! -e "$cache/$image/initramfs.gz" ]; then
  work=$(mktemp -d "$cache/build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/debs" "$work/kernel" "$work/busybox" "$work/root" "$work/image"

  echo "build-guest: downloading $kernel $version and busybox-static"
  (cd "$work/debs" && apt-get download -q -o APT::Sandbox::User=root "$kernel" busybox-static) >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
  dpkg-deb --fsys-tarfile "$work"/debs/busybox-static_*.deb | tar -x -C "$work/busybox"
  dpkg-deb --fsys-tarfile "$work"/debs/linux-image-*.deb | tar -x -C "$work/kernel" ./boot ./lib/modules
  busybox=$work/busybox/bin/busybox
  release=$(ls "$work/kernel/lib/modules")
  tree=$work/kernel/lib/modules/$release
  "$busybox" depmod -b "$work/kernel" "$release"

  mkdir -p "$work"/root/{bin,sbin,proc,sys,dev,tmp,mnt,etc} "$work/root/lib/modules/$release"
  cp "$busybox" "$work/root/bin/busybox"
  cp "$here/guest-init.sh" "$work/root/init"
  chmod 755 "$work/root/init" "$work/root/bin/busybox"
  for module in $modules; do
    # A line of modules.dep: FILE: all that it needs. Names there may have - for _.
    pattern="/${module//_/[-_]}\.ko"
    if line=$(grep -E "^[^:]*$pattern(\.[a-z]+)?:" "$tree/modules.dep"); then
      echo "$line" >>"$work/dep"
      echo "$module" >>"$work/root/etc/modules"
      for file in ${line/:/}; do
        (cd "$tree" && cp --parents "$file" "$work/root/lib/modules/$release")
        grep -F "$file:" "$tree/modules.dep" >>"$work/dep"
      done
    elif ! grep -qE "$pattern" "$tree/modules.builtin"; then
      echo "build-guest: $kernel has no module $module" >&2
      exit 1
    fi
  done
  sort -u "$work/dep" >"$work/root/lib/modules/$release/modules.dep"

  cp "$work"/kernel/boot/vmlinuz-* "$work/image/vmlinuz"
  echo "$recipe" >"$work/image/recipe"
  (cd "$work/root" && find . | LC_ALL=C sort | "$busybox" cpio -o -H newc 2>/dev/null | gzip -6n) >"$work/initramfs.gz"
  mv "$work/initramfs.gz" "$work/image/initramfs.gz"
  rm -rf "${cache:?}/$image"
  mv "$work/image" "$cache/$image"
fi

ln -sfn "$image" "$cache/current"
find "$cache" -mindepth 1 -maxdepth 1 -type d ! -name "$image" ! -name 'build-*' -exec rm -rf {} +
echo "build-guest: .guest/$image"
