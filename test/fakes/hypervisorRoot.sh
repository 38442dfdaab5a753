#!/bin/sh
# hypervisorRoot.sh ROOT HOSTNAME: process 1 of a throw-away host, in namespaces of its own for mounts, processes and
# the host name. Its network is this machine's, so that its sshd is reached as any.
#
# Its root is a filesystem in memory: /usr is this machine's, read-only; /etc is a copy, with sshd and sudo configured
# as Debian ships them; the rest is its own. What is sent to its syslog becomes /run/journal, a NUL after each
# message. All of it is gone when this process is, and this process is gone when its stdin ends.
set -eu
root=$1

hostname "$2"
mount -t tmpfs -o size=64m,mode=755 host "$root"
cd "$root"
mkdir -p dev home opt proc root run/sshd run/lock srv sys tmp usr var/lib/sudo var/log var/tmp
chmod 1777 tmp var/tmp run/lock
chmod 700 root
for name in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then
    cp -P "/$name" "$name"
  elif [ -d "/$name" ]; then
    mkdir -p "$name"
    mount --bind "/$name" "$name"
    mount -o remount,bind,ro "$name"
  fi
done
mount -t tmpfs -o size=8m,mode=755 local usr/local
mkdir usr/local/bin usr/local/sbin usr/local/lib

cp -a /etc etc
rm -rf etc/ssh/ssh_host_* etc/ssh/sshd_config.d etc/ssh/authorized_keys.d etc/sudoers.d etc/breakglass
mkdir etc/ssh/sshd_config.d
mkdir -m 750 etc/sudoers.d
cp /usr/share/openssh/sshd_config etc/ssh/sshd_config
printf 'Defaults env_reset\nDefaults mail_badpass\nDefaults use_pty\nroot ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n' >sudoers
chmod 440 sudoers
mv sudoers etc/sudoers
echo "$2" >etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$2" >etc/hosts
rm -f etc/mtab etc/nologin
ln -s /proc/self/mounts etc/mtab
ssh-keygen -q -t ed25519 -N '' -C host -f etc/ssh/ssh_host_ed25519_key
ssh-keygen -q -t ecdsa -N '' -C host -f etc/ssh/ssh_host_ecdsa_key

mount -t proc proc proc
mount --bind -o ro proc/sys proc/sys
[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
mount -t tmpfs -o size=64k,mode=755 dev dev
for name in null zero full random urandom tty; do
  : >"dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/shm dev/pts
mount -t tmpfs -o size=1m,mode=1777 shm dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr

mkdir old
pivot_root . old
# shellcheck disable=SC2016 # perl's variables
exec chroot . /usr/bin/perl -e '
  use Socket;
  # Children whose parent has gone are reaped by the kernel.
  $SIG{CHLD} = "IGNORE";
  system("umount", "-l", "/old");
  rmdir "/old";
  socket(my $log, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
  bind($log, pack_sockaddr_un("/dev/log")) or die "/dev/log: $!";
  chmod 0666, "/dev/log";
  open(my $journal, ">>", "/run/journal") or die "/run/journal: $!";
  $| = 1;
  print "up\n";
  for (;;) {
    my $ready = "";
    vec($ready, fileno($log), 1) = 1;
    vec($ready, fileno(STDIN), 1) = 1;
    next if select($ready, undef, undef, undef) < 0;
    if (vec($ready, fileno($log), 1)) {
      recv($log, my $message, 65536, 0);
      syswrite($journal, "$message\0");
    }
    last if vec($ready, fileno(STDIN), 1) and not sysread(STDIN, my $any, 1);
  }
'
