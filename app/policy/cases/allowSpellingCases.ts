import { theme, type Theme } from './theme.ts'

/** More of what is allowed: the network and containers, and every way to write a line. */
export const allowSpellingCases: readonly Theme[] = [
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
    dig +short example.org
    dig +time=2 +tries=1 example.org. MX
    dig @127.0.0.53 example.com
    dig -x 10.0.0.1
    dig -x 2001:db8::1
    host example.com
    host example.com 127.0.0.1
    getent hosts deb.debian.org
    getent ahosts security.debian.org
    ping -c 1 10.0.0.1
    ping -c 3 registry-1.docker.io
    ping -6 -c 1 fe80::1%eth0
    resolvectl query web-2.lab.example.org
    ss -tn '( dport = :443 or sport = :22 )' dst 10.0.0.0/8
    ss -tn dst '[::1]:22' src db.example.org:5432
    lsof -i @10.0.0.5:443
    lsof -i tcp:80
    fuser 80/tcp
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
  theme(
    'allow',
    'what only sounds like a secret',
    String.raw`
    cat /etc/passwd
    cat /etc/passwd-
    cat /mnt/etc/passwd
    cat /etc/pam.d/passwd
    md5sum /usr/bin/passwd
    cat /var/log/apt/history.log
    tail -n 50 /var/log/containers/external-secrets-0_ops_main-1.log
    systemctl status vault-secrets
    cat /etc/systemd/system/rotate-secrets.service
    ls -lh /swapfile
    stat /swap.img
    swapon --show
    cat /proc/swaps
    cat /etc/systemd/system/swapfile.swap
    cat /sys/module/zswap/parameters/enabled
    tail -n 5 /var/lib/docker/containers/*/*-json.log
    grep -i passwd /etc/nsswitch.conf
  `,
  ),
]
