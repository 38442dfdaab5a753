import { hasGlob, namesMeet, pathsMeet, toPattern, writtenPattern } from './globMeet.ts'
import { hasTellingName, isSwap } from './secretNames.ts'
import type { PlainWord } from './readWord.ts'

/** Where secrets lie, below any root (`/mnt/etc/shadow`, `/proc/1/root/etc/shadow`). */
const floating = [
  ...[
    'etc/shadow',
    'etc/shadow-',
    'etc/gshadow',
    'etc/gshadow-',
    'etc/sudoers',
    'etc/sudoers.d/**',
    'etc/security/opasswd',
  ],
  ...[
    'backups/shadow.bak',
    'backups/gshadow.bak',
    '.ssh',
    '.ssh/**',
    '.gnupg/**',
    '.kube/**',
    '.aws/**',
    '.azure/**',
  ],
  ...[
    '.docker/config.json',
    '.config/gcloud/**',
    '.config/gh/**',
    '.netrc',
    '.pgpass',
    '.my.cnf',
    '.git-credentials',
  ],
  ...['.vault-token', '.npmrc', '.pypirc', '.env', '.env.*', '*.env', '.envrc', 'ssh_host_*_key'],
  ...[
    'id_rsa',
    'id_dsa',
    'id_ecdsa',
    'id_ecdsa_sk',
    'id_ed25519',
    'id_ed25519_sk',
    '*.pem',
    '*.key',
    '*.p12',
    '*.pfx',
  ],
  ...['*.jks', '*.keystore', '*.kdbx', '*.keytab', 'kubeconfig', '*.kubeconfig', 'etc/kubernetes/*.conf'],
  ...['etc/kubernetes/pki/**', 'etc/rancher/**/*.yaml', 'lib/rancher/**/token', 'lib/kubelet/pods/**'],
  ...[
    'etc/wireguard/**',
    'etc/ssl/private/**',
    'etc/pki/tls/private/**',
    'etc/letsencrypt/**',
    'etc/pve/priv/**',
  ],
  ...[
    'etc/NetworkManager/system-connections/**',
    'etc/wpa_supplicant/**',
    'etc/credstore/**',
    'etc/credstore.encrypted/**',
    'run/secrets/**',
  ],
  ...['run/credentials/**', 'var/lib/tailscale/**', 'tailscaled.state', 'etc/ppp/*-secrets'],
  ...[
    'etc/postfix/sasl_passwd*',
    'etc/exim4/passwd.client',
    'etc/ipsec.secrets',
    'etc/ipsec.d/private/**',
    'etc/swanctl/**',
  ],
  ...['rclone/rclone.conf', '.rclone.conf', '.viminfo', '.lesshst', '*_history', '.*history', '.histfile'],
  ...['secret', 'secrets', 'credential', 'credentials'].flatMap((name) =>
    ['yaml', 'yml', 'json', 'toml', 'enc.yaml'].map((kind) => `${name}.${kind}`),
  ),
  // The environment of containers.
  ...[
    'lib/docker/containers/**/config*.json',
    'run/containerd/**/config.json',
    '*-containers/**/config.json',
    'lib/docker/swarm/**',
  ],
].map((path) => writtenPattern(`**/${path}`))

/** Their copies (`/etc/shadow.bak`, `id_rsa.old`), in a path without globs; a public key is none. */
const copies =
  /(^|\/)(etc\/(g?shadow|sudoers)[^/]*|id_(rsa|dsa|ecdsa|ed25519)(?![^/]*\.pub$)[^/]*|[^/]*kubeconfig[^/]*)$/

/** What shows the memory or the environment of processes. */
const ofProcesses = ['proc/*/**/environ', 'proc/*/**/mem'].map((path) => writtenPattern(`/${path}`))
const ofTheMachine = ['proc/kcore', 'dev/mem', 'dev/kmem', 'dev/port'].map((path) =>
  writtenPattern(`/${path}`),
)

/** A longer word is not compared with each path: only its text is looked at. */
const longest = 512

/** Public, although its name looks like a key's. */
const open = ['etc/ssl/certs/**', 'usr/share/**', 'etc/pki/ca-trust/**', 'proc/sys/**', 'sys/**'].map(
  (path) => writtenPattern(`/${path}`),
)

/** Below these a glob is no way to a secret. */
const safeTrees =
  /^\/(var\/log|sys|usr\/(lib|share)|lib|boot|run\/systemd|etc\/(systemd|cron[^/]*|logrotate\.d|sysctl\.d|modprobe\.d|apt|default))\//

/** Where `/proc` leads to other files. */
const doors = [
  'proc/*/root',
  'proc/*/cwd',
  'proc/*/fd',
  'proc/*/map_files',
  'proc/*/task',
  'proc/*/exe',
].flatMap((path) => [writtenPattern(`/${path}`), writtenPattern(`/${path}/**`)])

/** Each read waits for more. */
const endless = [
  'proc/kmsg',
  'sys/kernel/debug/tracing/**/trace_pipe',
  'sys/kernel/tracing/**/trace_pipe',
].map((path) => writtenPattern(`/${path}`))

/** Whether the word is, or as a glob could become, the path of a secret. */
export function isSecret(word: PlainWord): boolean {
  if (word.value.length > longest) return namesSecret(word.value)
  return isSecretPattern(toPattern(word))
}

/** Whether the content of this file is or could be a secret: also where only its name says so. */
export function holdsSecret(word: PlainWord): boolean {
  if (isSecret(word)) return true
  const names = normal(toPattern(word))
  return word.value.length <= longest && (hasTellingName(names) || isSwap(names))
}

/** As `isSecret`, for a word whose part in the command is not known: `if=/etc/shadow`, `@/etc/shadow`, `-f.env`. */
export function mentionsSecret(word: PlainWord): boolean {
  if (word.value.length > longest) return namesSecret(word.value)
  const pattern = toPattern(word)
  const marks = [...pattern.matchAll(/[=:@,]/g)].map(({ index }) => index + 1)
  const slash = pattern.indexOf('/')
  // `-f.env`: what follows a short option; a long option has its value after `=`.
  const first = pattern.startsWith('--') ? [] : [pattern.startsWith('-') ? 2 : 0]
  const starts = [...first, ...marks, ...(slash > 0 ? [slash] : [])]
  if (starts.some((start) => isSecretPattern(pattern.slice(start)))) return true
  // A program is given many words that only speak of secrets: here the last name of a path counts, no other word.
  return [...first, ...marks]
    .map((start) => pattern.slice(start))
    .some((text) => /^(\/(?!\/)|~\/|\.{1,2}\/).*[^/]$/.test(text) && hasTellingName(normal(text), 'last'))
}

/** What the shell was not seen to expand (`/etc/{shadow,passwd}`, a script in a string): by its text. */
export function namesSecret(text: string): boolean {
  const bare = text.replace(/['"\\]/g, '')
  return /etc\/[^ ]*(shadow|sudoers)|(chap|pap)-secrets|sasl_passwd|ipsec\.secrets|passwd\.client|tailscaled\.state|rclone\.conf|\bsecrets?\.(ya?ml|json|toml)\b|\.ssh\b|\bid_(rsa|dsa|ecdsa|ed25519)|\/proc\/[^ ]*(environ|mem)\b|\.kube\b|kubeconfig|(^|[\s/=])\.env\b/.test(
    bare,
  )
}

/** Why this path is not even named without asking, if so. */
export function placeObjection(word: PlainWord): string | undefined {
  const watchdog = pathsMeet(normal(toPattern(word)), writtenPattern('/dev/watchdog*'))
  return watchdog ? `opening ${word.value} could start a timer that resets the machine` : undefined
}

/** Why the content of this file is not read without asking, if so. */
export function fileObjection(word: PlainWord): string | undefined {
  const pattern = toPattern(word)
  const path = normal(pattern)
  if (word.value.length > longest) return 'a word in it is very long'
  if (word.pieces[0]?.kind === 'glob') return `${word.value} could expand to an option`
  if (pattern.startsWith('+')) return `${word.value} could be read as an option`
  if (pattern.split('/').includes('..')) return `${word.value} goes up by ..`
  if (doors.some((door) => pathsMeet(path, door))) return `${word.value} leads to the files of a process`
  if (path[0] === '' && namesMeet(path[1] ?? '', 'dev') && word.value !== '/dev/null')
    return `${word.value} is a device`
  if (endless.some((file) => pathsMeet(path, file))) return `${word.value} does not end`
  return undefined
}

function isSecretPattern(pattern: string): boolean {
  const path = normal(pattern)
  const pid = path[2] ?? ''
  const ofProcess = namesMeet(path[1] ?? '', 'proc') && (/^(\d*|self|thread-self)$/.test(pid) || hasGlob(pid))
  if (ofProcess && ofProcesses.some((secret) => pathsMeet(path, secret))) return true
  if (ofTheMachine.some((secret) => pathsMeet(path, secret))) return true
  const text = path.join('/')
  if (path[1] === 'proc' && !doors.some((door) => pathsMeet(path, door))) return false
  if (hasGlob(pattern) && safeTrees.test(text)) return false
  if (!hasGlob(pattern) && open.some((tree) => pathsMeet(path, tree))) return false
  if (!hasGlob(pattern) && copies.test(text)) return true
  return floating.some((secret) => pathsMeet(path, secret))
}

/** The names of a path without empty ones, `.` and `..`; an absolute one begins with an empty name. */
function normal(pattern: string): string[] {
  const names: string[] = pattern.startsWith('/') ? [''] : []
  const root = names.length
  for (const name of pattern.split('/')) {
    if (name === '' || name === '.') continue
    if (name !== '..') names.push(name)
    else if (names.length > root) names.pop()
  }
  return names
}
