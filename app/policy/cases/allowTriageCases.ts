import { theme, type Theme } from './theme.ts'

/** What triage really runs. One that is asked for here teaches to approve blindly. */
export const allowTriageCases: readonly Theme[] = [
  theme(
    'allow',
    'what triage runs: disks and files',
    String.raw`
    df -h
    df -hT /
    df -i
    df -P
    df -h --output=source,pcent
    du -sh /var/log
    du -sh /*
    du -sh /var/lib/* /home/*
    sudo -n du -xsh /root/* 2>/dev/null | sort -rh | head -20
    ls -la /srv/*
    du -x -k -d 1 /var/log /home
    du -h --max-depth=1 /var
    ls -la /var/log
    ls -lhS --time-style=full-iso /tmp
    ls
    stat /etc/passwd
    lsblk -f
    cat /etc/passwd
    cat /etc/resolv.conf
    cat /etc/os-release
    cat /proc/meminfo
    cat /proc/1/status
    head -n 20 /etc/fstab
    head -20 /var/log/syslog
    tail -n 100 /var/log/syslog
    tail -50 /var/log/nginx/error.log
    wc -l /var/log/syslog
    file /bin/ls
    grep -i error /var/log/syslog
    grep -n "foo$" /etc/hosts
    grep -E 'a|b' /etc/fstab
    grep -c ^processor /proc/cpuinfo
    grep -rn oom /var/log
    grep -A 3 -B 3 fail /var/log/syslog
    find /var/log -name "*.log" -size +100M
    find / -xdev -type f -size +1G
    find /tmp -maxdepth 1 -mtime +7 -ls
    find / -perm -4000 -type f
    lsof -nP +L1
    lsof -i :80
    lsof -p 1
    lsof +D /tmp
    findmnt
    mount
    mount -t ext4
    blkid
    smartctl -a /dev/sda
    nvme smart-log /dev/nvme0
    mdadm --detail /dev/md0
    cat /proc/mdstat
    zpool status
    pvs
    lvs -a
    readlink -f /etc/localtime
    namei -l /var/www
    tune2fs -l /dev/sda1
    md5sum /bin/ls
    zcat /var/log/syslog.2.gz
    diff -u /etc/hosts /etc/hosts.orig
  `,
  ),
  theme(
    'allow',
    'what triage runs: processes, memory, kernel',
    String.raw`
    ps aux
    ps -ef
    ps auxf
    ps -eo pid,ppid,rss,comm --sort=-rss
    ps aux --sort=-%mem
    ps -p 1
    ps axo pid,comm
    ps -u postgres
    free
    free -m
    uptime
    w
    who -b
    last -n 10
    vmstat
    vmstat 1 5
    iostat -xz 1 3
    mpstat -P ALL 1 1
    sar -n DEV 1 3
    top -b -n 1
    top -bn1
    top -b -n 1 -o %MEM
    dmesg
    dmesg -T
    dmesg --level=err,warn
    uname -a
    nproc
    lscpu
    lsmod
    hostname
    sysctl vm.swappiness
    sysctl -a
    date
    date +%s
    date -u
    timedatectl
    chronyc -n tracking
    pgrep -a nginx
    pidof sshd
    pstree -p
    nvidia-smi
    nvidia-smi -q
    nvidia-smi -L
    nvidia-smi --query-gpu=index,memory.used --format=csv
    nvidia-smi topo -m
    nvidia-smi pmon -c 1
    swapon --show
    ulimit -a
    id
    whoami
    getent hosts example.com
    getent passwd root
    crontab -l
    sleep 1
    sleep 0.5
    ipcs -m
    pmap -x 1
  `,
  ),
  theme(
    'allow',
    'what triage runs: services and packages',
    String.raw`
    systemctl status nginx
    systemctl status nginx --no-pager -l
    systemctl --failed
    systemctl list-units --type=service --state=running
    systemctl is-active nginx
    systemctl is-enabled ssh
    systemctl cat nginx.service
    systemctl list-timers --all
    systemctl show nginx -p NRestarts
    systemctl show '*.service' -p Id -p Result
    systemctl is-system-running
    systemctl list-dependencies nginx
    systemctl
    journalctl -u nginx --since "1 hour ago" --no-pager
    journalctl -xe
    journalctl -k -b -1
    journalctl -p err -n 50
    journalctl --disk-usage
    journalctl --no-pager --since -24h _TRANSPORT=kernel
    journalctl -u nginx -n 100 -o short-iso
    journalctl --list-boots
    journalctl -n 20 -g oom
    rc-status --all
    service nginx status
    service --status-all
    dpkg -l
    dpkg -S /bin/ls
    rpm -qa
    apt list --installed
    apt-cache policy nginx
    systemd-analyze blame
    coredumpctl list
    loginctl list-sessions
    hostnamectl
    qm list
    qm status 100
    pct list
    pveversion -v
  `,
  ),
]
