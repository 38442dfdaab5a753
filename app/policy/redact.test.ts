import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRedactor, redact } from './redact.ts'

const corpus = readFileSync(new URL('redactCorpus.txt', import.meta.url), 'utf8')
const [, hidden = [], left = []] = corpus.split(/^== .*$/m).map((part) =>
  part
    .replaceAll('·', '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# ')),
)
const secretsOf = (line: string): string[] => [...line.matchAll(/⟦(.*?)⟧/g)].map(([, secret]) => secret ?? '')
const inPieces = (pieces: string[]): string => {
  const redactor = createRedactor()
  return pieces.map((piece) => redactor.push(piece)).join('') + redactor.end()
}
const anyKind = '[hidden: *]'
const withoutKinds = (text: string): string => text.replaceAll(/\[hidden: [a-z ]+\]/g, anyKind)

test('the corpus is as large as it should be', () => {
  expect(hidden.length).toBeGreaterThanOrEqual(80)
  expect(left.length).toBeGreaterThanOrEqual(60)
})

describe('hidden', () => {
  test.each(hidden)('%s', (line) => {
    const text = redact(line.replaceAll(/[⟦⟧]/g, ''))
    expect(withoutKinds(text)).toBe(line.replaceAll(/⟦.*?⟧/g, anyKind))
    for (const secret of secretsOf(line)) expect(text).not.toContain(secret)
    expect(redact(text)).toBe(text)
  })
})

describe('left', () => {
  test.each(left)('%s', (line) => expect(redact(line)).toBe(line))
})

const begin = '-----BEGIN OPENSSH PRIVATE KEY-----'
const end = '-----END OPENSSH PRIVATE KEY-----'
const material = Array.from(
  { length: 30 },
  (_, i) => `${'b3BlbnNzaC1rZXktdjEA'.repeat(3)}${String(i).padStart(4, 'A')}`,
)

describe('a secret over lines', () => {
  test.each([
    ['as it stands in its file', (line: string) => line],
    ['indented', (line: string) => `    ${line}`],
    ['behind the prefix of a log', (line: string) => `Nov 21 03:02:35 devvm app[7]: ${line}`],
    ['behind the number that grep gives', (line: string, i: number) => `id_ed25519:${i + 10}:${line}`],
    ['in a program', (line: string) => `  "${line}\\n" +`],
  ])('a private key %s', (_, written) => {
    const text = ['before', ...[begin, ...material, end].map(written), 'after', ''].join('\n')
    const shown = redact(text)
    for (const line of material) expect(shown).not.toContain(line.slice(0, 20))
    expect(shown).toMatch(/^before\n.*\[hidden: private key\].*\nafter\n$/)
    expect(redact(shown)).toBe(shown)
  })

  test('a private key without an end hides nothing of what follows it', () => {
    const text = `${begin}\n${material.join('\n')}\nNov 21 03:02:35 devvm app: done\n`
    expect(redact(text)).toBe('[hidden: private key]\nNov 21 03:02:35 devvm app: done\n')
  })

  test('two keys in one line, made one by blanks', () => {
    const key = [begin, ...material, end].join(' ')
    expect(redact(`a ${key} b ${key} c`)).toBe('a [hidden: private key] b [hidden: private key] c')
  })

  test.each([
    [
      'a YAML text',
      'tls:\n  password: |\n    one\n\n    two\n  user: laptop\n',
      'tls:\n  password: |\n    [hidden: password]\n  user: laptop\n',
    ],
    [
      'a .netrc',
      'machine a\n  login laptop\n  password letmein\n',
      'machine a\n  login laptop\n  password [hidden: password]\n',
    ],
    [
      'a list of variables',
      '- name: DB_PASSWORD\n  value: letmein\n- name: TZ\n  value: UTC\n',
      '- name: DB_PASSWORD\n  value: [hidden: password]\n- name: TZ\n  value: UTC\n',
    ],
    [
      'a pretty list',
      '{\n "Name": "API_TOKEN",\n "Value": "x y"\n}',
      '{\n "Name": "API_TOKEN",\n "Value": "[hidden: token]"\n}',
    ],
  ])('%s', (_, text, shown) => {
    expect(redact(text)).toBe(shown)
    expect(redact(shown)).toBe(shown)
  })
})

describe('a long line', () => {
  const plain = (length: number) => 'lorem ipsum,'.repeat(length / 12)

  test.each([0, 24_000, 24_560, 24_570, 32_760, 65_530, 100_000])(
    'a secret after %i characters is found',
    (at) => {
      const text = `${plain(120_000).slice(0, at)} password=hunter2 ${plain(60_000)}`
      expect(redact(text)).toBe(text.replace('hunter2', '[hidden: password]'))
    },
  )

  test('a secret longer than all that is held back is hidden whole', () => {
    const text = `${plain(60_000)} token=${'Ab0'.repeat(50_000)} after ${plain(60_000)}\nnext`
    expect(redact(text)).toBe(text.replace(/(?:Ab0)+/, '[hidden: token]'))
  })

  test('comes back as it was, cut nowhere within a character', () => {
    const text = `${'🔥'.repeat(100_000)}\n${'x'.repeat(100_000)}`
    const redactor = createRedactor()
    const pieces = [redactor.push(text.slice(0, 70_001)), redactor.push(text.slice(70_001)), redactor.end()]
    expect(pieces.join('')).toBe(text)
    expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
  })

  test('holds back no more than a window', () => {
    const redactor = createRedactor()
    let told = 0
    for (let given = 0; given < 300_000; given += 1000) {
      told += redactor.push('x'.repeat(1000)).length
      expect(given + 1000 - told).toBeLessThanOrEqual(32 * 1024)
    }
  })
})

const line = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hidden.map((one) => one.replaceAll(/[⟦⟧]/g, ''))) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...left,
      begin,
      end,
      ...material.slice(0, 3),
      'password: |',
      '  login laptop',
      '',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('x', 'ab ', 'a=', '"', 'p'), fc.integer({ min: 20_000, max: 70_000 }))
      .map(([one, length]) => one.repeat(length).slice(0, length)),
  },
)
const text = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\n', '\n', ' ', '\r\n', '')), { maxLength: 12 })
  .map((lines) => lines.flat().join(''))
const cuts = fc.array(fc.nat({ max: 1000 }), { maxLength: 20 })

test('however it is cut into pieces, the same comes back', () => {
  fc.assert(
    fc.property(text, cuts, (whole, places) => {
      const at = [...new Set(places.map((place) => Math.round((place / 1000) * whole.length)))].sort(
        (a, b) => a - b,
      )
      const pieces = [0, ...at].map((from, i) => whole.slice(from, at[i] ?? whole.length))
      expect(inPieces(pieces)).toBe(redact(whole))
    }),
    { numRuns: 300 },
  )
})

test('what was hidden once stays as it is', () => {
  fc.assert(
    fc.property(
      fc.array(
        line.filter((one) => one.length < 20_000),
        { maxLength: 12 },
      ),
      (lines) => {
        const shown = redact(lines.join('\n'))
        expect(redact(shown)).toBe(shown)
      },
    ),
    { numRuns: 300 },
  )
})
