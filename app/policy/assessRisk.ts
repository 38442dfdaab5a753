import type { Classified } from './Classified.ts'
import { allowlist } from './allowlist.ts'
import { baseName, unwrapped } from './everyCommand.ts'
import type { PlainWord } from './readWord.ts'

export interface Assessed {
  risk: Classified['risk']
  undo?: string
  /** What the operator or the model should know beside the reason. */
  note?: string
}

const ranks: readonly Classified['risk'][] = ['low', 'medium', 'high', 'destructive']

const byBinary: readonly [Classified['risk'], RegExp][] = [
  [
    'destructive',
    /^(mkfs.*|mke2fs|mkswap|dd|wipefs|shred|parted|fdisk|sfdisk|gdisk|sgdisk|cryptsetup|lvremove|vgremove|pvremove|blkdiscard|truncate|userdel|fsck.*|e2fsck|xfs_repair|pvesm|vzdump|qmrestore|reboot|poweroff|halt|shutdown|telinit|init|kexec)$/,
  ],
  [
    'high',
    /^(>|>>|>\||&>|&>>|<>|rm|rmdir|mv|unlink|kill|pkill|killall|skill|chmod|chown|chgrp|setfacl|chattr|ln|tee|umount|mount|swapoff|iptables|ip6tables|iptables-restore|nft|ufw|firewall-cmd|ip|ifconfig|route|ifdown|ifup|sysctl|modprobe|rmmod|insmod|sh|bash|dash|ash|zsh|ksh|eval|source|\.|exec|python\d?(\.\d+)?|perl|ruby|node|php|lua|ssh|scp|rsync|nc|socat|crontab|at|useradd|usermod|passwd|chpasswd|visudo|su|xargs|find|zpool|zfs|btrfs|lvresize|lvextend|lvreduce|mdadm|qm|pct|hdparm|nvme|tune2fs|resize2fs|sgdisk|gdb|nsenter|chroot|killall5|tmux)$/,
  ],
  [
    'medium',
    /^(systemctl|service|rc-service|docker|podman|kubectl|apt|apt-get|dpkg|dnf|yum|rpm|apk|snap|pip\d?|npm|cp|mkdir|touch|sed|awk|gawk|mawk|curl|wget|tar|gzip|renice|ionice|swapon|logrotate|journalctl|timedatectl|hostnamectl|chronyc|date|env|sudo|nohup|strace|tcpdump|perf)$/,
  ],
]

/** Words after which a medium binary is worse. */
const worse: readonly [RegExp, Classified['risk'], RegExp][] = [
  [/^rm$/, 'destructive', /^(-[a-zA-Z]*[rR][a-zA-Z]*|--recursive)$/],
  [
    /^(systemctl|service|rc-service)$/,
    'high',
    /^(stop|restart|disable|mask|kill|isolate|edit|set-default|daemon-reexec|try-restart|force-reload)$/,
  ],
  [/^(docker|podman)$/, 'high', /^(stop|restart|kill|exec|run|pause|update|down|up)$/],
  [/^(docker|podman)$/, 'destructive', /^(rm|rmi|prune|-v|--volumes)$/],
  [/^kubectl$/, 'high', /^(apply|patch|edit|scale|exec|rollout|cordon|taint|replace|create|set|debug|cp)$/],
  [/^kubectl$/, 'destructive', /^(delete|drain)$/],
  [/^find$/, 'destructive', /^-delete$/],
  [
    /^(zpool|zfs|btrfs|qm|pct|nvme|lvm)$/,
    'destructive',
    /^(destroy|delete|rollback|stop|reset|format|purge|labelclear|subvolume)$/,
  ],
  [/^mdadm$/, 'destructive', /^--(zero-superblock|create|stop|remove|fail)$/],
  [
    /^(apt|apt-get|dnf|yum|apk|dpkg)$/,
    'high',
    /^(remove|purge|autoremove|del|erase|full-upgrade|dist-upgrade|-r|-P)$/,
  ],
  [/^sed$/, 'high', /^(-[a-zA-Z]*i|--in-place)/],
  [/^journalctl$/, 'high', /^--(vacuum|rotate)/],
  [/^kill(all)?$|^pkill$/, 'destructive', /^1$/],
]

const powerWords = /^(reboot|poweroff|halt|shutdown|telinit)$/

/** What a command that is not allowed by itself may do, as well as its name and words tell. */
export function assessRisk(words: readonly PlainWord[]): Assessed {
  const commands = unwrapped(words)
  const each = commands.map(assessOne)
  const risk = highest(each.map((one) => one.risk))
  const note = each.find((one) => one.note !== undefined)?.note
  const undo = each.find((one) => one.undo !== undefined)?.undo
  return { risk, ...(note !== undefined && { note }), ...(undo !== undefined && { undo }) }
}

export function highest(risks: readonly Classified['risk'][]): Classified['risk'] {
  return ranks[Math.max(0, ...risks.map((risk) => ranks.indexOf(risk)))] ?? 'high'
}

function assessOne(words: readonly PlainWord[]): Assessed {
  const binary = baseName(words[0])
  const args = words.slice(1).map(({ value }) => value)
  if (turnsOff(binary, args))
    return {
      risk: 'destructive',
      note: 'it takes the machine down: the `power` tool does that and sees it through',
    }
  const named = byBinary.find(([, names]) => names.test(binary))?.[0]
  const raised = worse.filter(([names, , word]) => names.test(binary) && args.some((arg) => word.test(arg)))
  const base = named ?? (allowlist.has(binary) ? 'low' : 'medium')
  const undo = undoOf(binary, args)
  return { risk: highest([base, ...raised.map(([, risk]) => risk)]), ...(undo !== undefined && { undo }) }
}

function turnsOff(binary: string, args: readonly string[]): boolean {
  if (powerWords.test(binary)) return true
  if (binary === 'init') return args.some((arg) => /^[06]$/.test(arg))
  if (binary === 'systemctl')
    return args.some((arg) =>
      /^(reboot|poweroff|halt|kexec|soft-reboot|suspend|hibernate|rescue|emergency)$/.test(arg),
    )
  return args.some((arg) => arg === '/proc/sysrq-trigger')
}

const opposite: Record<string, string> = {
  ...{ start: 'stop', stop: 'start', enable: 'disable', disable: 'enable', mask: 'unmask', unmask: 'mask' },
  ...{
    pause: 'unpause',
    unpause: 'pause',
    cordon: 'uncordon',
    uncordon: 'cordon',
    freeze: 'thaw',
    thaw: 'freeze',
  },
}

const nothing = 'Nothing takes it back.'

function undoOf(binary: string, args: readonly string[]): string | undefined {
  const all = (verb: string): string =>
    `\`${[binary, ...args.map((arg) => (arg === verb ? (opposite[verb] ?? verb) : arg))].join(' ')}\``
  const verb = args.find((arg) => Object.hasOwn(opposite, arg))
  if (/^(systemctl|docker|podman|kubectl)$/.test(binary) && verb !== undefined) return all(verb)
  if (/^(service|rc-service)$/.test(binary) && verb !== undefined) return all(verb)
  const last = args.at(-1) ?? ''
  if (/^(chmod|chown|chgrp|setfacl)$/.test(binary))
    return `Not known, unless the present state is recorded first: \`stat ${last}\`.`
  if (/^(rm|rmdir|unlink|truncate|shred|dd|kill|pkill|killall|mkfs.*|wipefs)$/.test(binary)) return nothing
  if (binary === 'find' && args.includes('-delete')) return nothing
  if (binary === 'mv' && args.length === 2)
    return `\`mv ${args[1] ?? ''} ${args[0] ?? ''}\`, unless ${args[1] ?? ''} existed.`
  if (binary === 'swapoff') return `\`swapon ${args.join(' ')}\``
  if (binary === 'swapon') return `\`swapoff ${args.join(' ')}\``
  if (binary === 'mount' && args.length > 0 && !args.join(' ').includes('remount'))
    return `\`umount ${last}\``
  if (binary === 'umount') return `\`mount ${last}\`, where it is in /etc/fstab.`
  if (binary === 'mkdir') return `\`rmdir ${last}\``
  if (binary === 'modprobe' && args.length === 1) return `\`modprobe -r ${last}\``
  if (/^ip6?tables$/.test(binary) && args.includes('-A'))
    return `\`${[binary, ...args].join(' ').replace(' -A ', ' -D ')}\``
  if (binary === 'ip' && args.includes('down')) return `\`ip ${args.join(' ').replace(/\bdown\b/, 'up')}\``
  if (binary === 'sysctl') return 'Not known, unless the present value is read first: `sysctl NAME`.'
  return undefined
}
