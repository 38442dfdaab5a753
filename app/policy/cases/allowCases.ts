import { theme, type Theme } from './theme.ts'

/** What triage really runs. One that is asked for here teaches to approve blindly. */
export const allowCases: readonly Theme[] = [
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
  theme(
    'allow',
    'what triage runs: network, containers, cluster, tmux',
    String.raw`
    ss -tulpn
    ss -s
    ss -tn state established
    netstat -tulpn
    ip a
    ip addr
    ip -br link
    ip route
    ip -6 route show
    ip route get 8.8.8.8
    ip -s link show eth0
    ip neigh
    ping -c 3 8.8.8.8
    ping -c 1 -W 2 host
    dig example.com
    dig +short @1.1.1.1 example.com
    nslookup example.com
    resolvectl status
    iptables -L -n -v
    iptables -S
    nft list ruleset
    ufw status
    ethtool eth0
    arp -n
    traceroute -n 8.8.8.8
    mtr -r -c 5 8.8.8.8
    docker ps
    docker ps -a
    docker logs web --tail 100
    docker logs --since 1h web
    docker images
    docker stats --no-stream
    docker system df
    docker compose ps
    podman ps -a
    crictl ps -a
    kubectl get pods -A
    kubectl get pods -n web -o wide
    kubectl get nodes -o yaml
    kubectl describe pod web-0
    kubectl logs web-0 -n web --tail=50
    kubectl logs -p web-0
    kubectl top nodes
    kubectl get events --sort-by=.lastTimestamp
    kubectl get pod/web-0 -o 'jsonpath={.status}'
    tmux ls
    tmux list-sessions -F "#{session_name}"
    tmux list-panes -a
  `,
  ),
  theme(
    'allow',
    'lists and pipes of what is allowed',
    String.raw`
    df -h; free -m; uptime
    df -h && free -m
    test -d /run/openrc && rc-status --all
    [ -f /etc/hosts ] && echo yes
    ps -ef || ps
    df -h;
    ps aux | grep nginx
    ps aux | sort -rnk 4 | head -10
    dmesg | tail -20
    journalctl -u ssh | grep -c Failed
    cat /etc/passwd | cut -d: -f1 | sort | uniq -c
    ls -la | wc -l
    echo "--- disks"; df
    echo ---
    cat /etc/hosts | tr a-z A-Z
    df|sort
    printf "%s\n" done
  `,
    ['df   -h   ', '\tdf', 'df\n'],
  ),
  theme(
    'allow',
    'redirects that touch no file',
    String.raw`
    ls /x 2>/dev/null
    ls /x >/dev/null
    ls /x 2>&1
    systemctl is-active x >/dev/null 2>&1 && echo up
    cat /x 2> /dev/null | head -5
    find / -name core 2>/dev/null
    echo x >&2
    grep -q x /etc/hosts </dev/null
    ls /x 2>/dev/null || echo none
  `,
  ),
  theme(
    'allow',
    'sudo -n and folders of the system',
    String.raw`
    sudo -n df -h
    sudo -n dmesg | sudo -n tail -5
    sudo -n journalctl -n 5
    sudo -n /usr/bin/systemctl status x
    /usr/bin/df -h
    /bin/ls /
    /sbin/ip a
    /usr/sbin/ss -s
  `,
  ),
  theme(
    'allow',
    'quotes and globs',
    String.raw`
    cat '/var/log/a b.log'
    cat "/var/log/a b.log"
    cat /var/log/a\ b.log
    'df' -h
    d"f" -h
    cat /var/log/*.log
    ls /var/log/*.[0-9]
    tail -n 5 /var/log/nginx/*.log
    ls ~
    cat ~/notes.txt
    cat ./x.log
    cat /proc/*/stat
    cat /proc/sys/kernel/*
    cat /etc/*.conf
    cat /srv/app/*.log
    grep '$HOME' /etc/hosts
    grep 'a;b&c|d' /etc/hosts
    echo "it's"
    echo \$HOME
    echo a#b
    cat /sys/class/net/*/operstate
    cat /etc/cron.d/*
    echo '{a,b}'
  `,
    ["echo '`id` $(id)'"],
  ),
]
