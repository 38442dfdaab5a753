import { judgeCommand } from './allowlist.ts'
import { baseName, everyCommand, unwrapped, type Found } from './everyCommand.ts'
import { namesMeet, toPattern } from './globMeet.ts'
import type { PlainWord } from './readWord.ts'
import { mentionsSecret, namesSecret } from './secretPaths.ts'

/** Why no approval can make this line run, if so: it shows a secret, or can only destroy. */
export function forbidden(text: string): string | undefined {
  if (/([\w:.]{1,30})\s{0,9}\(\)\s{0,9}\{[^}]{0,99}\1\s{0,9}\|\s{0,9}\1\s{0,9}&/.test(text))
    return 'It is a fork bomb.'
  for (const found of everyCommand(text)) {
    const why = forbiddenCommand(found)
    if (why !== undefined) return `\`${found.words.map(({ value }) => value).join(' ')}\`: ${why}.`
  }
  return undefined
}

/** Only names or changes the attributes of files, or removes them: a secret in its arguments is not shown. */
const namesOnly =
  /^(ls|stat|chmod|chown|chgrp|rm|rmdir|mkdir|test|\[|readlink|realpath|du|namei|getfacl|setfacl|lsattr|chattr|file|touch|ssh|echo|printf|restorecon)$/

function forbiddenCommand({ words, plain, piped }: Found): string | undefined {
  if (plain && judgeCommand(words, piped).verdict === 'allow') return undefined
  for (const command of unwrapped(words)) {
    const why = showsSecret(command) ?? destroys(command)
    if (why !== undefined) return why
  }
  if (namesOnly.test(baseName(words[0] ?? words[1]))) return undefined
  const last = unwrapped(words).at(-1)
  if (namesOnly.test(baseName(last?.[0]))) return undefined
  if (baseName(words[0]) === 'find' && !words.some(({ value }) => value.startsWith('-exec'))) return undefined
  const secret = words.find((word) => mentionsSecret(word) || (!plain && namesSecret(word.value)))
  return secret && `${secret.value} is or could be a secret`
}

function showsSecret([name, ...args]: readonly PlainWord[]): string | undefined {
  const binary = baseName(name)
  const values = args.map(({ value }) => value)
  const has = (pattern: RegExp): boolean => values.some((value) => pattern.test(value))
  const environment = 'it shows the environment, which may hold secrets'
  if (binary === 'printenv') return environment
  if (binary === 'env' && values.every((value) => value.startsWith('-') || value.includes('=')))
    return environment
  if (/^(export|declare|typeset|set)$/.test(binary) && values.every((value) => /^-[px]+$/.test(value)))
    return environment
  if (binary === 'systemctl' && has(/^show-environment$/)) return environment
  if (binary === 'getent' && has(/shadow/)) return 'it shows password hashes'
  if (/^(unshadow|getspnam)$/.test(binary)) return 'it shows password hashes'
  const secrets = has(/(^|,)(secrets?|secrets?\.v1\.?)($|[,/])/i)
  if (binary === 'kubectl' && has(/^get$/) && secrets && has(/^(-o|--output|--template)/))
    return 'it shows secrets'
  if (binary === 'kubectl' && has(/^config$/) && has(/^--raw/)) return 'it shows the keys of the cluster'
  if (binary === 'kubectl' && has(/^--raw/) && has(/secrets/)) return 'it shows secrets'
  return undefined
}

/** A word that is `/`, a folder right below it that the system stands on, or all within one. */
const roots = /^(bin|boot|dev|etc|home|lib|lib32|lib64|libx32|opt|proc|root|run|sbin|srv|sys|usr|var)$/

function isRoot(word: PlainWord): boolean {
  if (/^(~|\$HOME|\$\{HOME\})?\/*\*?$/.test(word.value) && word.value !== '' && word.value !== '*')
    return true
  const names = toPattern(word)
    .split('/')
    .filter((name) => name !== '' && name !== '.')
  if (!word.value.startsWith('/')) return false
  if (names.length === 0 || names.includes('..')) return true
  const [first = '', second] = names
  const below =
    names.length === 1 || (names.length === 2 && namesMeet(second ?? '', 'a') && namesMeet(second ?? '', 'b'))
  return below && (roots.test(first) || ['etc', 'usr', 'var', 'home'].some((name) => namesMeet(first, name)))
}

const disk =
  /(^|=)\/dev\/(sd|hd|vd|xvd|nvme|mmcblk|mapper\/|disk\/|dm-|md|loop|zvol\/|zd|rbd|nbd|drbd|vg|pve)/

function destroys([name, ...args]: readonly PlainWord[]): string | undefined {
  const binary = baseName(name)
  const values = args.map(({ value }) => value)
  const has = (pattern: RegExp): boolean => values.some((value) => pattern.test(value))
  const recursive = has(/^-[a-zA-Z]*[rR]|^--recursive$/)
  const root = args.find((word) => isRoot(word))
  if (/^(mkfs|mkfs\..*|mke2fs|blkdiscard)$/.test(binary)) return 'it erases a disk'
  if (binary === 'wipefs' && has(/^(-[a-z]*a[a-z]*|--all|-o.*|--offset.*)$/))
    return 'it erases the signatures of a disk'
  if (binary === 'shred' && has(disk)) return 'it erases a disk'
  if (binary === 'nvme' && has(/^(format|sanitize)$/)) return 'it erases a disk'
  if (binary === 'sgdisk' && has(/^(-[a-zA-Z]*[zZ]|--zap)/)) return 'it erases a partition table'
  if (binary === 'cryptsetup' && has(/^(luksFormat|luksErase|erase)$/)) return 'it erases a disk'
  if (binary === 'dd' && values.some((value) => value.startsWith('of=') && disk.test(value)))
    return 'it writes over a disk'
  if (/^(tee|cp|cat|>|>>|>\||&>|&>>)$/.test(binary) && writesTo(binary, values))
    return 'it writes over a disk'
  if (binary === 'rm' && has(/^--no-preserve-root$/)) return 'it deletes the whole system'
  if (binary === 'rm' && recursive && root) return `it deletes ${root.value} and all below it`
  if (/^(chmod|chown|chgrp)$/.test(binary) && has(/^-[a-zA-Z]*R|^--recursive$/) && root)
    return `it changes the rights of ${root.value} and all below it, which cannot be taken back`
  if (
    binary === 'find' &&
    root &&
    has(/^-delete$/) &&
    !has(/^-(i?name|i?path|m?time|mmin|size|i?regex|empty)$/)
  )
    return `it deletes all below ${root.value}`
  if (binary === 'kill' && values.at(-1) === '-1' && values.length > 1)
    return 'it ends every process, the door to this machine among them'
  return undefined
}

function writesTo(binary: string, values: readonly string[]): boolean {
  if (binary === 'cat') return false
  const targets = binary === 'cp' ? values.slice(-1) : values
  return targets.some((value) => disk.test(value))
}
