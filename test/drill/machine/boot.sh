#!/bin/sh
# boot.sh ROOT PARTS RECORD SIZE GROUP IMAGE: process 1 of a throw-away machine, in namespaces of its own.
#
# Its root is a small filesystem in memory: /usr is this machine's, read-only; /etc, /var, /home and the rest are its
# own. All of it is gone when this process is, and this process is gone when its stdin ends.
#   PARTS   folder with the stand-ins for systemd's commands
#   RECORD  folder that appears as /run/drill: what came over SSH is noted there
#   SIZE    of the root, as `mount -t tmpfs -o size=` has it
#   GROUP   the control group whose memory limits units can have; '' for none
#   IMAGE   of an ext4 filesystem for /srv; '' for none
set -eu
root=$1 parts=$2 record=$3 size=$4 group=$5 image=$6

busybox ip link set lo up
hostname drill
mount -t tmpfs -o "size=$size,mode=755" machine "$root"
cd "$root"
mkdir -p dev etc home opt proc root run srv sys tmp usr var/lib var/log var/spool
chmod 1777 tmp
chmod 700 root
mkdir empty
for name in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then
    cp -P "/$name" "$name"
  elif [ -d "/$name" ]; then
    mkdir -p "$name"
    # An overlay without an upper folder cannot be made writable by anyone in there; a bind mount could.
    if ! mount -t overlay -o "lowerdir=/$name:$root/empty" overlay "$name" 2>/dev/null; then
      mount --bind "/$name" "$name"
      mount -o remount,bind,ro "$name"
    fi
  fi
done

mount -t tmpfs -o size=1m,mode=755 local usr/local
mkdir usr/local/bin usr/local/lib
for part in systemctl journalctl dmesg timedatectl chronyc; do
  install -m 755 "$parts/$part.sh" "usr/local/bin/$part"
done
install -m 755 "$parts/supervise.sh" usr/local/lib/supervise
install -m 755 "$parts/record.sh" usr/local/lib/record
mount -o remount,ro usr/local

mount -t tmpfs -o size=4m,mode=755 run run
mkdir run/sshd run/units run/journal run/drill
mount --bind "$record" run/drill
mount -t proc proc proc
mount --bind -o ro proc/sys proc/sys
[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
mount -t tmpfs -o size=64k,mode=755 dev dev
for name in null zero full random urandom tty; do
  : >"dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/shm
mount -t tmpfs -o size=1m,mode=1777 shm dev/shm
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
if [ -n "$group" ]; then
  mount -t tmpfs -o size=4k,mode=755 sys sys
  mkdir -p sys/fs/cgroup
  mount --bind "$group" sys/fs/cgroup
  mount -o remount,ro sys
fi

if [ -n "$image" ] && ! mount -o loop "$image" srv; then
  # Without loop devices: a filesystem in memory that runs out of inodes just as well.
  mount -t tmpfs -o size=4m,nr_inodes=256,mode=755 spool srv
fi

[ ! -e /etc/alternatives ] || cp -RP /etc/alternatives etc/
[ ! -e /etc/ld.so.cache ] || cp /etc/ld.so.cache etc/
mkdir -p etc/ssh etc/systemd/system
ln -s ../usr/lib/os-release etc/os-release
ln -s /proc/self/mounts etc/mtab
echo drill >etc/hostname
echo '127.0.0.1 localhost drill' >etc/hosts
echo 'nameserver 10.0.0.53' >etc/resolv.conf
echo 'hosts: files dns' >etc/nsswitch.conf
echo 'machine / tmpfs defaults 0 1' >etc/fstab
cat >etc/passwd <<'END'
root:x:0:0:root:/root:/bin/sh
sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
app:x:1000:1000::/var/lib/app:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
END
printf 'root:x:0:\napp:x:1000:\nnogroup:x:65534:\n' >etc/group

mkdir old
pivot_root . old
# shellcheck disable=SC2016 # perl's variables
exec chroot . /usr/bin/perl -e '
  # Children whose parent has gone are reaped by the kernel. The words below are what `ps` shows.
  $SIG{CHLD} = "IGNORE";
  system("umount", "-l", "/old");
  rmdir "/old";
  $0 = "/sbin/init";
  $| = 1;
  print "up\n";
  1 while <STDIN>;
'
