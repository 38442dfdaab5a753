import { theme, type Theme } from './theme.ts'

/** What an operator decides, because of what the command does. */
export const askEffectCases: readonly Theme[] = [
  theme(
    'ask',
    'a flag or an argument that writes',
    String.raw`
    sort -o /tmp/x /tmp/y
    sort --output=/tmp/x /tmp/y
    sort --compress-program=sh /tmp/y
    sort -T /tmp /tmp/y
    uniq /tmp/a /tmp/b
    date -s 12:00
    date 010100002020
    hostname new
    dmesg -c
    dmesg -C
    journalctl --vacuum-size=1M
    journalctl --rotate
    journalctl --cursor-file=/tmp/x
    sysctl -w vm.swappiness=1
    sysctl vm.swappiness=1
    sysctl -p
    ss -K dst 1.2.3.4
    ss -D /tmp/x
    ip link set eth0 down
    ip link s eth0 down
    ip addr add 1.2.3.4/24 dev eth0
    ip route del default
    ip -b /tmp/x
    ip netns exec x df
    ip addr flush dev eth0
    crontab -r
    crontab /tmp/x
    crontab
    swapon -a
    smartctl -t long /dev/sda
    smartctl -s off /dev/sda
    nvidia-smi -pm 1
    nvidia-smi -r
    nvidia-smi -pl 100
    nvidia-smi -f /tmp/x
    mount /dev/sda1 /mnt
    mount -o remount,rw /
    iptables -F
    iptables -A INPUT -j DROP
    iptables -L -Z
    nft flush ruleset
    ufw disable
    nft list 'ruleset; flush ruleset'
    nft list ruleset \; flush ruleset
    tmux ls \; kill-server
    chronyc -m tracking makestep
    docker top web auxe
    service ../../tmp/x status
    smartctl -l scterc,70,70 /dev/sda
    blkid -p /dev/watchdog
    file -s /dev/watchdog
    tail +5f /var/log/syslog
    ethtool -s eth0 speed 10
    arp -d 1.2.3.4
    tune2fs -c 1 /dev/sda1
    mdadm --stop /dev/md0
    zpool scrub tank
    rpm -e x
    dpkg -r x
    apt install x
    apk add x
    service nginx restart
    timedatectl set-time 12:00
    hostnamectl set-hostname x
    chronyc makestep
    coredumpctl dump
    loginctl kill-user x
    kubectl top pod --bogus
    ls --bogus
    df -Z
    ps auxe
    ps -auxe
    ps eww
    ps e
    fuser -k 80/tcp
    tmux kill-server
    ulimit -n 5
  `,
  ),
  theme(
    'ask',
    'what changes something',
    String.raw`
    systemctl start nginx
    systemctl stop nginx
    systemctl restart nginx
    systemctl reload nginx
    systemctl enable --now nginx
    systemctl disable nginx
    systemctl mask nginx
    systemctl daemon-reload
    systemctl edit nginx
    systemctl set-property nginx CPUQuota=5%
    systemctl -H other status
    rm /tmp/x
    rm -rf /var/log/old
    rm -rf /tmp/x
    mv a b
    cp a b
    touch x
    mkdir x
    chmod 600 x
    chown root x
    chmod -R 755 /srv/www
    truncate -s 0 /var/log/syslog
    kill 123
    kill -9 123
    pkill nginx
    killall nginx
    docker restart web
    docker exec web df
    docker run alpine
    docker rm web
    docker system prune
    docker -H tcp://x ps
    docker inspect web
    kubectl delete pod x
    kubectl apply -f x
    kubectl exec x -- df
    kubectl scale deploy/x --replicas=0
    kubectl drain x
    kubectl get -f http://x
    kubectl get --raw /healthz
    kubectl --kubeconfig=x get pods
    qm stop 100
    swapoff -a
    modprobe x
    apt-get update
    git pull
    curl http://localhost/
    wget http://x
    logger x
    tee /tmp/x
    ln -s a b
    dd if=/dev/zero of=/tmp/x count=1
    nonsense
    lvextend -L +1G vg/lv
    passwd x
    /usr/bin/passwd x
    /usr/local/bin/rotate-secrets
    swapon /swapfile
    swapoff /swapfile
    dd if=/dev/zero of=/swapfile bs=1M count=64
    helm upgrade external-secrets external-secrets/external-secrets
    apt-get install libsecret-tools
    git clone https://git.example.org/ops/secrets
    curl http://127.0.0.1:8200/v1/secret/data/x
    awk '/passwd/{print}' /etc/nsswitch.conf
  `,
  ),
  theme(
    'ask',
    'turning the machine off',
    String.raw`
    reboot
    poweroff
    halt
    shutdown -h now
    shutdown -r +1
    sudo reboot
    sudo -n systemctl reboot
    systemctl poweroff
    systemctl reboot -ff
    init 0
    init 6
    telinit 6
    echo b > /proc/sysrq-trigger
  `,
  ),
  theme(
    'ask',
    'doubtful names and paths',
    String.raw`
    /tmp/df
    ./df
    ../bin/df
    bin/df
    /usr/local/bin/df
    /usr/bin/../../tmp/df
    ~/df
    /usr/b?n/df
    cat ../x
    cat /var/log/../lib/x
    cat /proc/1/root/x
    cat /proc/self/cwd/x
    cat /proc/1/fd/3
    cat /dev/sda
    cat *.log
    ls -*
    echo *
    cat [a]x
    df # all
    df -h "
    df -h '
    df |
    | df
    && df
    df && && df
    ;
    df;;
    cat /etc/h[^a]sts
    ls ~root
    ls a~b
    grep -r x /etc
    grep -r x /
    grep -r x
    grep -R x /var/log
    grep -rn x /home
    ls ~/.ssh
    stat /etc/shadow
    chmod 600 /root/.ssh/id_rsa
    ls -la /root/.ssh
    kubectl get secrets
    kubectl describe secret x
    kubectl get pods,secrets
    systemctl show nginx
    systemctl show nginx -p Environment
    du -sh /root/.ssh
    kubectl get pods -o custom-columns-file=/x
  `,
    ['df -h \\', 'cat /var/log/\u00fcber.log', '\u0441at /etc/hosts'],
  ),
]
