import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { classify } from './classify.ts'
import { themes } from './classify.cases.ts'

const allowedLines = themes.filter(({ verdict }) => verdict === 'allow').flatMap(({ lines }) => lines)

describe.each(themes)('$theme: $verdict', ({ verdict, lines }) => {
  test.each(lines)('%j', (line) => {
    expect(classify(line, 'ask')).toMatchObject({ verdict })
  })
})

test('the table has both kinds, more than three hundred in all', () => {
  const other = themes.flatMap(({ verdict, lines }) => (verdict === 'allow' ? [] : lines))
  expect(allowedLines.length).toBeGreaterThan(150)
  expect(other.length).toBeGreaterThan(150)
})

const preset = z.object({
  runbook: z.object({ probes: z.array(z.object({ command: z.string().optional() })) }),
})
const probes = readdirSync('agents/presets')
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) =>
    preset
      .parse(parse(readFileSync(`agents/presets/${name}`, 'utf8').split(/^---$/m)[1] ?? ''))
      .runbook.probes.flatMap(({ command }) => (command === undefined ? [] : [[name, command] as const])),
  )

test.each(probes)('a probe of the preset %s is allowed by itself: %s', (_, command) => {
  expect(classify(command, 'read-only')).toMatchObject({ verdict: 'allow' })
})

describe('the action', () => {
  test.each([
    ['df -h', "'df' '-h'"],
    ['cat /var/log/*.log', "'cat' /var/log/*.log"],
    ["cat '/var/log/a b'*.log", "'cat' /var/log/a' 'b*.log"],
    ['cat "~/x" ~/x', "'cat' '~/x' ~/x"],
    [`echo "it's"`, `'echo' 'it'\\''s'`],
    [String.raw`echo '\' '; touch /tmp/x; #'`, String.raw`'echo' \\ '; touch /tmp/x; #'`],
    ['echo "a!b"', String.raw`'echo' 'a'\!'b'`],
    ['cat /var/log/**.log', "'cat' /var/log/*.log"],
    [`cat /var/log/*""*'*'*.log`, "'cat' /var/log/*'*'*.log"],
    ["echo ''", "'echo' ''"],
    ['d\\f 2> /dev/null|sort;free', "'df' 2>/dev/null | 'sort'; 'free'"],
    ['ls -l /x&&id||w', "'ls' '-l' /x && 'id' || 'w'".replace('/x', "'/x'")],
    ['systemctl restart "nginx"', "'systemctl' 'restart' 'nginx'"],
  ])('of %j is %j', (line, action) => {
    expect(classify(line, 'ask').action).toBe(action)
  })

  test('of a line that is more than simple commands is its text', () => {
    expect(classify('for i in 1 2; do df; done', 'ask').action).toBe('for i in 1 2; do df; done')
  })

  test('of a line with what cannot be seen shows it', () => {
    expect(classify('df \u202e-h\u200b', 'ask')).toMatchObject({
      verdict: 'deny',
      action: 'df \\u{202e}-h\\u{200b}',
    })
  })
})

describe('an ask tells', () => {
  test.each([
    ['systemctl stop nginx', 'high', '`systemctl start nginx`'],
    ['systemctl start nginx', 'medium', '`systemctl stop nginx`'],
    ['sudo -n systemctl enable --now nginx', 'medium', '`systemctl disable --now nginx`'],
    ['systemctl mask nginx', 'high', '`systemctl unmask nginx`'],
    ['chmod 600 /srv/x', 'high', 'Not known, unless the present state is recorded first: `stat /srv/x`.'],
    ['truncate -s 0 /var/log/syslog', 'destructive', 'Nothing takes it back.'],
    ['rm -rf /var/log/old', 'destructive', 'Nothing takes it back.'],
    ['rm /tmp/x', 'high', 'Nothing takes it back.'],
    ['swapoff -a', 'high', '`swapon -a`'],
    ['df > /tmp/x', 'high', undefined],
    ['tail -f /var/log/syslog', 'low', undefined],
    ['kubectl delete pod x', 'destructive', undefined],
    ['apt-get update', 'medium', undefined],
    ['python3 -c 1', 'high', undefined],
  ])('of %j the risk %s and what undoes it', (line, risk, undo) => {
    const judged = classify(line, 'ask')
    expect(judged).toMatchObject({ verdict: 'ask', risk })
    expect(judged.undo).toBe(undo)
  })

  test('which part and what about it', () => {
    expect(classify('df -h; tail -f /x', 'ask').why).toBe('`tail -f /x`: with -f it does not end by itself.')
    expect(classify('df | sort -o /tmp/x', 'ask').why).toBe(
      '`sort -o /tmp/x`: the option -o is not known to only read.',
    )
  })

  test.each(['reboot', 'sudo systemctl poweroff', 'shutdown -h now', 'echo b > /proc/sysrq-trigger'])(
    'that the power tool is there for %j',
    (line) => {
      expect(classify(line, 'ask')).toMatchObject({
        risk: 'destructive',
        why: expect.stringContaining('`power` tool') as string,
      })
    },
  )
})

describe('a line', () => {
  test.each([
    'echo ok',
    'true',
    'sleep 1; date && id -u || pwd',
    'test -f /etc/hosts && echo yes',
    '/bin/echo ok',
    'sudo -n whoami',
    'echo up | cat | grep -c u',
    'hostname; uname -a',
    'seq 3',
    'rm -rf /',
  ])('that says nothing of the machine observes nothing: %s', (line) => {
    expect(classify(line, 'ask').observes).toBe(false)
  })

  test.each([
    'df -h',
    'echo; systemctl is-active nginx',
    'sudo -n systemctl status nginx',
    'echo x | grep -c x /etc/hosts',
    'ps aux | grep nginx | wc -l',
    'cat /proc/loadavg',
    'systemctl restart nginx',
    'for i in 1 2; do df; done',
  ])('that tells of the machine observes: %s', (line) => {
    expect(classify(line, 'ask').observes).toBe(true)
  })
})

test('a read-only target denies what would be asked, and says so', () => {
  expect(classify('systemctl restart nginx', 'read-only')).toMatchObject({
    verdict: 'deny',
    why: expect.stringContaining('read-only') as string,
  })
})

test('an autonomous target judges as one that asks', () => {
  for (const { lines } of themes)
    for (const line of lines) expect(classify(line, 'autonomous')).toEqual(classify(line, 'ask'))
})

describe('for any text', () => {
  const words = [
    'df',
    'cat',
    '/etc/shadow',
    ' ',
    ';',
    '|',
    '&',
    '>',
    '$(',
    ')',
    '`',
    "'",
    '"',
    '\\',
    '\n',
    '*',
    '{',
    '}',
    '~',
    '#',
    '-',
  ]
  const lines = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 })), { maxLength: 20 })
      .map((parts) => parts.join('')),
  )

  test('it is judged, and nothing invisible is shown', () => {
    fc.assert(
      fc.property(lines, (line) => {
        const { action, why } = classify(line, 'ask')
        expect(action + why).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
      { numRuns: 2000 },
    )
  })

  test('an action that is allowed is allowed again and printed the same', () => {
    for (const line of allowedLines) {
      const { action } = classify(line, 'ask')
      expect(classify(action, 'ask')).toMatchObject({ verdict: 'allow', action })
    }
  })
})

test('what is added to an allowed line is judged too', () => {
  const additions = [
    '; rm /tmp/x',
    ' && touch x',
    ' || touch x',
    ' | tee /tmp/x',
    ' > /tmp/x',
    ' & touch x',
    '\ntouch x',
    ' $(touch x)',
    ' `touch x`',
    ' "$(touch x)"',
    ' <(touch x)',
    ' &',
  ]
  fc.assert(
    fc.property(fc.constantFrom(...allowedLines), fc.constantFrom(...additions), (line, addition) => {
      expect(classify(line.trimEnd() + addition, 'ask').verdict).not.toBe('allow')
    }),
    { numRuns: 2000 },
  )
})

test('any words, quoted in any way, are printed as the same words', () => {
  const spellings = [
    (word: string) => `'${word.replaceAll("'", `'\\''`)}'`,
    (word: string) => `"${word.replace(/["\\$`]/g, '\\$&')}"`,
    (word: string) => (word === '' ? "''" : word.replace(/[^A-Za-z0-9]/g, '\\$&')),
  ]
  // Neither ends a quote in any shell, nor stands within one.
  const quoted = /(?:'[^'\\!]*'|\\['\\!])+/g
  const word = fc.tuple(
    fc.string({ maxLength: 12 }).map((text) => text.replace(/[^ -~]/g, '')),
    fc.constantFrom(...spellings),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (list) => {
      const { action } = classify(['echo', ...list.map(([text, spell]) => spell(text))].join(' '), 'ask')
      expect(action.replaceAll(quoted, '')).toMatch(/^ *$/)
      expect(action.match(quoted)?.map((word) => word.replace(/'([^']*)'|\\(.)/g, '$1$2'))).toEqual([
        'echo',
        ...list.map(([text]) => text),
      ])
    }),
    { numRuns: 2000 },
  )
})

test('no glob that matches a secret is allowed', () => {
  const secrets = [
    ...[
      '/etc/shadow',
      '/etc/gshadow',
      '/etc/sudoers',
      '/root/.ssh/id_rsa',
      '/srv/app/.env',
      '/proc/1/environ',
    ],
    ...['/root/.kube/config', '/etc/nginx/tls.key'],
  ]
  const spellings = [
    (char: string) => char,
    () => '*',
    () => '?',
    () => '[a-z1]',
    (char: string) => `"${char}"`,
    (char: string) => `\\${char}`,
  ]
  const hidden = fc.constantFrom(...secrets).chain((secret) =>
    fc
      .array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(spellings.length - 1)), {
        minLength: secret.length,
        maxLength: secret.length,
      })
      // A slash and a leading dot are matched by themselves only.
      .map((choices) =>
        secret.replace(/[^/.]/g, (char, at: number) => (spellings[choices[at] ?? 0] ?? String)(char)),
      ),
  )
  fc.assert(
    fc.property(hidden, (path) => {
      expect(classify(`cat ${path}`, 'ask').verdict).not.toBe('allow')
    }),
    { numRuns: 3000 },
  )
})
