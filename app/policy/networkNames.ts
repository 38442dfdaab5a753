import { isIP } from 'node:net'

/** A lookup that many characters long, in all the names of a command. */
const longestNames = 80
const mostLabels = 5
/** Longer labels than this are words: small letters and dashes, no digit. */
const freeLabel = 12
const longestLabel = 24

/**
 * Why these names are not looked up without asking, if so. Whoever owns a domain is told each name below it that
 * is looked up, so a name can carry text off the machine. This is a brake, not a wall: short names still pass, and
 * each carries a little. The wall is the network that the target is given.
 */
export function namesObjection(names: readonly string[]): string | undefined {
  const looked = names.filter((name) => isIP(name) === 0)
  if (looked.join('').length > longestNames) return 'its names are long: a lookup could carry data away'
  const odd = looked.find((name) => !isPlainName(name))
  return odd && `${odd} is no short, plain name: a lookup could carry data away`
}

/** Why a question is not put to this name server without asking, if so. */
export function resolverObjection(server: string): string | undefined {
  return server === '::1' || (isIP(server) === 4 && server.startsWith('127.'))
    ? undefined
    : `it asks the name server ${server}, which learns the names`
}

function isPlainName(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.')
  return labels.length <= mostLabels && labels.every(isPlainLabel)
}

function isPlainLabel(label: string): boolean {
  if (label.length > freeLabel) return label.length <= longestLabel && /^[a-z_-]+$/.test(label)
  return /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(label)
}
