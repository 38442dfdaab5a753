/** A repeatable source of numbers in [0, 1): mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Uses that policy knows, each with words that may be quoted in any way. */
const uses: readonly (readonly string[])[] = [
  ...[
    ['df', '-h'],
    ['df', '-P', '/'],
    ['free', '-m'],
    ['uptime'],
    ['date', '+%s'],
    ['ps', 'aux'],
    ['ps', '-ef'],
    ['true'],
  ],
  ...[
    ['cat', '/var/log/a.log'],
    ['cat', 'log/a b.log', 'log/c.log'],
    ['head', '-n', '5', '/proc/mounts'],
    ['wc', '-l', 'log/a.log'],
  ],
  ...[
    ['grep', '-i', 'fail', 'log/a.log'],
    ['grep', '-E', "it's|(a|b)$", 'log/a.log'],
    ['grep', 'a\\.b', 'log/c.log'],
  ],
  ...[
    ['echo', 'a;b'],
    ['echo', '$HOME `x`'],
    ['echo', 'a  b', ''],
    ['printf', '%s\\n', 'a&b'],
    ['echo', '#no', '{a,b}'],
    ['echo', "\\' '; id; #"],
    ['echo', '\\', "'\\''", '%self', '!!'],
  ],
  ...[
    ['du', '-sh', 'log'],
    ['ls', '-la', 'log'],
    ['stat', 'log/a.log'],
    ['find', 'log', '-name', '*.log'],
    ['sort', '-n', 'log/a.log'],
  ],
  ...[
    ['journalctl', '-u', 'ssh', '--since', '1 hour ago'],
    ['dmesg', '-T'],
    ['ip', '-4', 'addr'],
    ['ss', '-tulpn'],
  ],
  ...[
    ['systemctl', 'status', 'a@b.service'],
    ['systemctl', 'restart', 'x'],
    ['rm', '-f', 'log/nothing'],
    ['sleep', '0'],
  ],
  ...[
    ['test', '-d', 'log'],
    ['id', '-u'],
    ['who', '-b'],
    ['lsblk', '-f'],
    ['sudo', '-n', 'df', '-h'],
    ['touch', "a'b"],
  ],
]
const filters: readonly (readonly string[])[] = [
  ...[
    ['head', '-5'],
    ['tail', '-n', '3'],
    ['sort', '-rn'],
    ['uniq', '-c'],
    ['wc', '-l'],
    ['grep', '-v', 'x y'],
    ['cut', '-d:', '-f1'],
  ],
  ...[['tr', 'a-z', 'A-Z'], ['cat'], ['xargs', 'echo']],
]
const globs = [
  'log/*.log',
  'log/?.log',
  'log/[ac].log',
  '~/log/*',
  './*',
  'log/"a b"*',
  "log/*' b'.log",
  'log/[!a]*',
  '\\*',
  '"*"',
  '~',
  '"~"/log',
]
const redirects = [
  '2>/dev/null',
  '>/dev/null',
  '2>&1',
  '>/dev/null 2>&1',
  '2> /dev/null',
  '>&2',
  '</dev/null',
  '1>/dev/null',
]
/** Each means something to some shell, where it is not quoted as that shell likes. */
const odd = "\\\\\\''\"!#$%^&*(){}[]<>|;~=? -@:,+`"
/** What belongs to no simple command, whole or broken. */
const nasty = [
  ...[
    '$(id)',
    '`id`',
    '${x}',
    '$x',
    '$((1))',
    '<(id)',
    '>(id)',
    "$'a\\nb'",
    '$"a"',
    '<<E',
    '<<<a',
    '&',
    '|&',
    '&>',
    '>|',
    ';;',
  ],
  ...[
    '\n',
    '\\\n',
    '\\',
    '"',
    "'",
    '#',
    ' #x',
    '(',
    ')',
    '{',
    '}',
    '{a,b}',
    '{1..3}',
    '!',
    '!!',
    '[[',
    ']]',
    '~x',
    'A=b ',
    '\t',
  ],
  ...[
    'é',
    '日',
    '\u00a0',
    '\u202e',
    '\u200b',
    '\r',
    '|',
    '||',
    '&&',
    ';',
    ' ',
    '>',
    '<',
    '2>',
    '*',
    '?',
    '[a]',
    '[^a]',
    '$',
    '\\x',
  ],
  ...[
    'if true; then id; fi',
    'for i in a; do id; done',
    'f() { id; }',
    'time ',
    'eval id',
    '@(a|b)',
    '%1',
    '=',
    '~+',
    '^',
    ',',
    'a=~',
  ],
]

/** Writes lines that policy allows, in every spelling of quotes, and lines that are near them. */
export function lineGenerator(random: () => number): () => string {
  const pick = <T>(list: readonly [T, ...T[]] | readonly T[]): T => {
    const one = list[Math.floor(random() * list.length)]
    if (one === undefined) throw new Error('nothing to pick from')
    return one
  }
  const chance = (share: number): boolean => random() < share
  const spell = (word: string): string => {
    if (word === '') return pick(["''", '""'])
    let text = ''
    for (let at = 0; at < word.length;) {
      const length = chance(0.6) ? word.length : 1 + Math.floor(random() * 4)
      text += spellPart(word.slice(at, at + length), random())
      at += length
    }
    return text
  }
  const oddWord = (): string =>
    Array.from({ length: Math.floor(random() * 9) }, () => pick([...odd, ...odd, 'a', '0'])).join('')
  const command = (use: readonly string[]): string => {
    const words = use.map(spell)
    if (use[0] === 'echo' && chance(0.7)) words.push(spell(oddWord()), spell(oddWord()))
    if (chance(0.15)) words.push(pick(globs))
    if (chance(0.2)) words.splice(1 + Math.floor(random() * words.length), 0, pick(redirects))
    return words.join(pick([' ', ' ', ' ', '  ', '\t']))
  }
  const grammar = (): string => {
    let line = command(pick(uses))
    while (chance(0.5)) {
      const operator = pick(['|', '|', ';', '&&', '||'])
      const blank = pick([' ', ' ', ''])
      line += `${blank}${operator}${blank}${command(pick(operator === '|' ? filters : uses))}`
    }
    return chance(0.1) ? `${line}${pick([';', ' ; ', '  ', '\n'])}` : line
  }
  const mutate = (line: string): string => {
    const at = Math.floor(random() * (line.length + 1))
    const end = at + Math.floor(random() * 4)
    return pick([
      () => line.slice(0, at) + pick(nasty) + line.slice(at),
      () => line.slice(0, at) + pick(nasty) + line.slice(end),
      () => line.slice(0, at) + line.slice(end),
      () => line.slice(0, at) + line.slice(at, end) + line.slice(at),
      () => line.slice(0, at) + grammar().slice(at),
    ])()
  }
  return () => {
    let line = grammar()
    if (chance(0.55)) line = mutate(line)
    while (chance(0.25)) line = mutate(line)
    return line
  }
}

function spellPart(text: string, choice: number): string {
  if (choice < 0.35 && /^[\w/.,:=@%+-]+$/.test(text)) return text
  if (choice < 0.6) return `'${text.replaceAll("'", `'\\''`)}'`
  if (choice < 0.8) return `"${text.replace(/["\\$`]/g, '\\$&')}"`
  if (choice < 0.85 && !text.includes("'")) return `'${text}'`
  return text.replace(/[^\w/.,:=@%+-]/g, '\\$&')
}
