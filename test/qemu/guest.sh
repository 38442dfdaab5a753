#!/bin/busybox sh
# shellcheck shell=dash
# The first and only process of the guest. It says that it is up and how much memory it was given, then writes to
# its disk for as long as it lives, as a machine at work does.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
  [ ! -e /modules/$module.ko ] || $b insmod /modules/$module.ko
done
while [ ! -b /dev/vda ]; do $b sleep 0.1; done
read -r _ memory _ </proc/meminfo
read -r boot </proc/sys/kernel/random/boot_id
echo "guest up: memory $memory kB, boot $boot" >/dev/ttyS0
while :; do
  $b dd if=/proc/uptime of=/dev/vda bs=512 count=1 conv=notrunc,fsync 2>/dev/null
  $b sleep 0.5
done
