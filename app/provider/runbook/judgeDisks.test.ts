import { expect, test } from 'vitest'
import { probeOutput } from '../../../test/fakes/probeOutput.ts'
import { judgeDisks } from './judgeDisks.ts'

const thresholds = { used_percent: { warn: 85, crit: 95 } }

/** What the disk probe's command prints: the two files under their headings, then `df -P /` and `df -P`. */
function disks(mounts: string, df: string, fstab = '# none\n'): string {
  return `==> /proc/mounts <==\n${mounts}\n==> /etc/fstab <==\n${fstab}\n${df}`
}

function levels(stdout: string, more = {}) {
  return judgeDisks(probeOutput(stdout, more), thresholds).map((one) =>
    one.kind === 'checked'
      ? `${one.level} ${one.text.split(' is ')[0]} ${one.value}`
      : `unchecked ${one.what}: ${one.why}`,
  )
}

const header = 'Filesystem     1024-blocks     Used Available Capacity Mounted on\n'

test('Debian: each disk with the percentage that df prints, memory and the kernel’s own mounts left out', () => {
  const mounts = `sysfs /sys sysfs rw,nosuid 0 0
proc /proc proc rw,nosuid 0 0
udev /dev devtmpfs rw,nosuid,size=8131460k 0 0
tmpfs /run tmpfs rw,nosuid,size=1631120k 0 0
/dev/sda2 / ext4 rw,relatime,errors=remount-ro 0 0
efivarfs /sys/firmware/efi/efivars efivarfs rw 0 0
/dev/sda1 /boot/efi vfat rw,relatime 0 0
/dev/sdb1 /srv xfs rw,relatime 0 0`
  const df = `${header}/dev/sda2        479152840 61344156 393396084      14% /
Filesystem     1024-blocks     Used Available Capacity Mounted on
udev               8131460        0   8131460       0% /dev
tmpfs              1631120     1984   1629136       1% /run
/dev/sda2        479152840 61344156 393396084      14% /
efivarfs               128      121         3      98% /sys/firmware/efi/efivars
/dev/sda1           523244     5972    517272       2% /boot/efi
/dev/sdb1       1952559676 1790000000 162559676      92% /srv`
  expect(levels(disks(mounts, df))).toEqual(['ok / 14', 'warn /srv 92', 'ok /boot/efi 2'])
})

test('Ubuntu: snaps are always full and never a finding; a header in German changes nothing', () => {
  const mounts = `/dev/sda2 / ext4 rw 0 0
/dev/loop0 /snap/core20/2318 squashfs ro,nodev 0 0
/dev/loop1 /snap/lxd/29351 squashfs ro,nodev 0 0
tmpfs /run/user/1000 tmpfs rw,size=812300k 0 0`
  const df = `Dateisystem    1024-Blöcke   Benutzt Verfügbar Kapazität Eingehängt auf
/dev/sda2        479152840 470000000   1000000      100% /
/dev/loop0           65536     65536         0      100% /snap/core20/2318
/dev/loop1           89600     89600         0      100% /snap/lxd/29351
tmpfs               812300        64    812236        1% /run/user/1000`
  expect(levels(disks(mounts, df))).toEqual(['crit / 100'])
})

test('a container: / is an overlay, and the files bound into it are the same disk', () => {
  const mounts = `overlay / overlay rw,lowerdir=/l,upperdir=/u 0 0
tmpfs /dev tmpfs rw,size=65536k 0 0
shm /dev/shm tmpfs rw,size=65536k 0 0
/dev/vda1 /etc/hosts ext4 rw 0 0
/dev/vda1 /etc/resolv.conf ext4 rw 0 0
/dev/vdb /data ext4 rw 0 0`
  const df = `${header}overlay  81106868 40000000 41090484      50% /
tmpfs       65536        0    65536       0% /dev
shm         65536        0    65536       0% /dev/shm
/dev/vda1 81106868 40000000 41090484      50% /etc/hosts
/dev/vdb   5106868       24  5090484       1% /data`
  expect(levels(disks(mounts, df))).toEqual(['ok / 50', 'ok /data 1'])
})

test('a host of containers: their overlays are its own disk, two disks of one size are two', () => {
  const mounts = `/dev/vda1 / ext4 rw 0 0
overlay /var/lib/docker/overlay2/8a/merged overlay rw 0 0
/dev/sdb /a xfs rw 0 0
/dev/sdc /b xfs rw 0 0`
  const df = `${header}/dev/vda1 1000000 400000 600000 40% /
overlay   1000000 400000 600000 40% /var/lib/docker/overlay2/8a/merged
/dev/sdb  2000000 200000 1800000 10% /a
/dev/sdc  2000000 400000 1600000 20% /b`
  expect(levels(disks(mounts, df))).toEqual(['ok / 40', 'ok /a 10', 'ok /b 20'])
})

test('a filesystem in memory is told when it fills up, with what it is', () => {
  const mounts = '/dev/sda1 / ext4 rw 0 0\ntmpfs /scratch tmpfs rw,size=16384k 0 0'
  const df = `/dev/sda1 1000000 400000 600000 40% /\ntmpfs 16384 16000 384 98% /scratch`
  expect(levels(disks(mounts, df))).toEqual(['ok / 40', 'crit /scratch 98'])
})

test('a read-only image is full by design', () => {
  const mounts = '/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /usr/share/maps ext4 ro 0 0'
  const df = `/dev/sda1 1000000 400000 600000 40% /\n/dev/sdb1 500 500 0 100% /usr/share/maps`
  expect(levels(disks(mounts, df))).toEqual(['ok / 40', 'ok /usr/share/maps 100'])
})

test('long device names on a line of their own, spaces in names and subvolumes of one device', () => {
  const mounts = `/dev/mapper/vg0-a\\040very\\040long\\040name / btrfs rw,subvol=/root 0 0
//nas/team\\040share /mnt/team\\040share cifs rw 0 0
/dev/md127p1 /home btrfs rw,subvol=/home 0 0
/dev/md127p1 /home/old btrfs rw,subvol=/old 0 0`
  const df = `/dev/mapper/a-very-long-device-name-that-pushes-its-figures-away
                     1000000    400000    600000     40% /
//nas/team share       9000000   8000000   1000000     89% /mnt/team share
/dev/md127p1           1000      100       900      10% /home
/dev/md127p1           1000      100       900      10% /home/old`
  expect(levels(disks(mounts, df))).toEqual(['ok / 40', 'ok /home 10', 'warn /mnt/team share 89'])
})

test('a disk that the kernel has turned read-only is critical, one that is meant to be so is not', () => {
  const mounts =
    '/dev/sda1 / ext4 ro,errors=remount-ro 0 0\n/dev/sdb1 /media ext4 ro 0 0\n/dev/sdc1 /var xfs ro 0 0'
  const fstab = 'UUID=1 /media ext4 ro 0 2\nUUID=2 /var xfs defaults 0 2'
  const df = '/dev/sda1 1000000 400000 600000 40% /\n/dev/sdb1 9 1 8 11% /media\n/dev/sdc1 9 1 8 12% /var'
  expect(levels(disks(mounts, df, fstab)).slice(3)).toEqual(['crit / read-only', 'crit /var read-only'])
})

test('a stale network filesystem is told beside the disks that answer', () => {
  const mounts =
    '/dev/sda1 / ext4 rw 0 0\nnas:/v /mnt/nas nfs4 rw 0 0\nportal /run/user/1000/doc fuse.portal rw 0 0'
  const stderr = 'df: /run/user/1000/doc: Operation not permitted\ndf: /mnt/nas: Stale file handle\n'
  const judgements = judgeDisks(
    probeOutput(disks(mounts, '/dev/sda1 1000000 400000 600000 40% /'), { stderr, exit_code: 1 }),
    thresholds,
  )
  expect(judgements).toHaveLength(2)
  expect(judgements[1]).toMatchObject({ level: 'warn', text: '/mnt/nas does not answer: Stale file handle.' })
})

test('df that hangs: / is judged all the same, and the suspects are named', () => {
  const mounts = '/dev/sda1 / ext4 rw 0 0\nnas:/v /mnt/nas nfs4 rw 0 0'
  const stdout = disks(mounts, '/dev/sda1 1000000 400000 600000 40% /')
  expect(levels(stdout, { exit_code: null, failed_leg: 'timeout', duration_ms: 8000 })).toEqual([
    'ok / 40',
    'unchecked the other disks: df did not answer in time; look at /mnt/nas from nas:/v',
  ])
})

test('without a list of mounts the names of devices tell what is a disk', () => {
  const df = `${header}/dev/root 1000000 400000 600000 40% /
devtmpfs 1000 1000 0 100% /dev
/dev/loop3 1000 1000 0 100% /snap/core/1
shm 64 64 0 100% /dev/shm`
  expect(levels(df)).toEqual(['ok / 40', 'crit /dev 100', 'crit /dev/shm 100'])
})

test.each(['', 'df: not found', '\0\0', 'Filesystem'])(
  'nothing understood (%j) is told as that, never as 0 %%',
  (stdout) => {
    expect(levels(stdout)).toEqual([
      'unchecked how full the disks are: it answered nothing that is understood',
    ])
  },
)
