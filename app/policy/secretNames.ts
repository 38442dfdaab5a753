import { hasGlob, hasStar, namesMeet, pathsMeet, writtenPattern } from './globMeet.ts'

const tellingName = /secret|passwd|credential|^rclone\.conf$/i
const tellingNames = ['*secret*', '*passwd*', '*credential*'].map((name) => writtenPattern(name)[0] ?? '')

/** Programs, logs and settings of the system: a name there tells what a thing is about, not what is in it. */
const plainTrees =
  /^\/(proc|sys|boot|lib|usr\/(lib|share)|(usr\/(local\/)?)?s?bin|var\/log|run\/systemd|etc\/(systemd|pam\.d|cron[^/]*|logrotate\.d|apt|default))\//
/** Accounts without their hashes. */
const accounts = /(^|\/)etc\/passwd-?$/

/**
 * Whether one of the names in a path says that a secret is there. A `*` is not counted: it fits every name, and those
 * that are usual are in the list of `secretPaths.ts`. With `last` only the name of the file itself tells.
 */
export function hasTellingName(names: readonly string[], which: 'each' | 'last' = 'each'): boolean {
  const text = names.join('/')
  if (plainTrees.test(text) || accounts.test(text)) return false
  return (which === 'last' ? names.slice(-1) : names).some(
    (name) =>
      tellingName.test(name) ||
      (hasGlob(name) && !hasStar(name) && tellingNames.some((telling) => namesMeet(name, telling))),
  )
}

/** What of the memory of all processes is on disk. To name it is nothing (`swapon`, `ls -l`), to read it is. */
const swap = [
  ...['/swap*', '/swap*/**', '/dev/**/swap*', '/dev/**/*-swap*', '/dev/**/*_swap*', '/dev/zram*'],
  ...['**/swapfile', '**/swapfile1', '**/swapfile2', '**/swap.img', '**/swap.file', '**/*.swapfile'],
].map(writtenPattern)

export function isSwap(names: readonly string[]): boolean {
  return !plainTrees.test(names.join('/')) && swap.some((path) => pathsMeet(names, path))
}
