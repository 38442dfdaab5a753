import { afterAll, beforeAll, expect, test } from 'vitest'
import { classify } from '../classify.ts'
import { freeze } from '../freeze.ts'
import { readLine, type Line } from '../readLine.ts'
import { readWord, type Piece, type PlainWord } from '../readWord.ts'
import { lineGenerator, randomFrom } from './generateLine.ts'
import { openSandbox, type Job, type Sandbox } from './runLines.ts'

const lineCount = 20_500
const seed = 20_260_412

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox()
})
afterAll(() => sandbox.remove())

interface Case {
  job: Job
  line: Line
  verdict: string
  action: Job
}

/** What a shell runs of a line whose commands all answer the same. */
function expected({ commands, operators }: Line, status: 0 | 1): string[][] {
  const run: string[][] = []
  let skip = false
  for (const [index, { words }] of commands.entries()) {
    const operator = operators[index - 1] ?? ';'
    if (operator === ';') skip = false
    if (operator === '&&') skip = status === 1
    if (operator === '||') skip = status === 0
    if (!skip)
      run.push(
        words.map(({ value, pieces }) =>
          pieces[0]?.kind === 'home' ? sandbox.home + value.slice(1) : value,
        ),
      )
  }
  return run
}

const sorted = (run: readonly string[][]): string[] => run.map((words) => JSON.stringify(words)).sort()

function differing(
  cases: readonly Case[],
  runs: readonly string[][][],
  wanted: (one: Case, index: number) => string[][],
): unknown[] {
  return cases.flatMap((one, index) => {
    const [want, got] = [sorted(wanted(one, index)), sorted(runs[index] ?? [])]
    return JSON.stringify(want) === JSON.stringify(got)
      ? []
      : [{ line: one.job.line, action: one.action.line, want, got }]
  })
}

/** The lines as they were written, and as they were printed again. */
function runBoth(
  shell: 'bash' | 'dash',
  cases: readonly Case[],
  options?: { glob: boolean },
): Promise<[string[][][], string[][][]]> {
  const [written, printed] = [cases.map(({ job }) => job), cases.map(({ action }) => action)]
  return Promise.all([sandbox.run(shell, written, options), sandbox.run(shell, printed, options)])
}

const has = ({ commands }: Line, open: (piece: Piece) => boolean): boolean =>
  commands.some(({ words }) => words.some(({ pieces }) => pieces.some(open)))
const expands = (line: Line): boolean => has(line, ({ kind }) => kind !== 'plain')
const globs = (line: Line): boolean => has(line, ({ kind }) => kind === 'glob')

/** The line as it is printed, with `record` before each of its commands. */
function recorded({ commands, operators }: Line): string {
  const recorder = readWord('record') as PlainWord
  return freeze({
    operators,
    commands: commands.map((command) => ({ ...command, words: [recorder, ...command.words] })),
  })
}

function generate(): { cases: Case[]; counts: Record<string, number> } {
  const random = randomFrom(seed)
  const next = lineGenerator(random)
  const counts: Record<string, number> = { allow: 0, ask: 0, deny: 0, read: 0, piped: 0, quoted: 0 }
  const cases: Case[] = []
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  for (let index = 0; index < lineCount; index++) {
    const text = next()
    const { verdict, action } = classify(text, 'ask')
    count(verdict)
    const line = readLine(text.trim())
    if (verdict === 'deny' || typeof line === 'string') continue
    count('read')
    // A path cannot be replaced by something that writes down, nor can `%1`, which names a job.
    // Two stars are printed as one, and tell themselves apart where nothing is expanded.
    if (/\*["']*\*/.test(text) || line.commands.some(({ words: [name] }) => /^%|\//.test(name.value))) {
      count('notRecorded')
      continue
    }
    if (verdict === 'allow' && line.operators.includes('|')) count('piped')
    if (verdict === 'allow' && /['"\\]/.test(text)) count('quoted')
    const status = random() < 0.5 ? 0 : 1
    cases.push({ job: { line: text, status }, line, verdict, action: { line: action, status } })
  }
  return { cases, counts }
}

test(
  'what bash and dash run of a line, and every shell of its action, is what was judged',
  { timeout: 120_000 },
  async () => {
    const { cases, counts } = generate()
    console.log(`${String(lineCount)} lines: ${JSON.stringify(counts)}`)
    expect(counts['notRecorded']).toBeLessThan(200)
    expect(counts['allow']).toBeGreaterThan(3000)
    expect(counts['piped']).toBeGreaterThan(800)
    expect(counts['quoted']).toBeGreaterThan(2000)
    expect((counts['ask'] ?? 0) + (counts['deny'] ?? 0)).toBeGreaterThan(5000)

    const judged = (one: Case): string[][] => expected(one.line, one.job.status)
    const allowed = cases.filter(({ verdict }) => verdict === 'allow')
    for (const [shell, some] of [['bash', cases] as const, ['dash', allowed] as const]) {
      const [written, printed] = await runBoth(shell, some)
      expect(differing(some, written, judged)).toEqual([])
      expect(differing(some, printed, judged)).toEqual([])
    }

    const odd = allowed.filter(({ job }) => /[\\'"!#$%^]/.test(job.line))
    expect(odd.length).toBeGreaterThan(4000)
    for (const shell of ['zsh', 'fish', 'busybox'] as const) {
      const some = shell === 'fish' ? allowed.filter(({ line }) => !globs(line)) : allowed
      const printed = await sandbox.run(
        shell,
        some.map(({ line, job: { status } }) => ({ line: recorded(line), status })),
      )
      expect(differing(some, printed, judged), shell).toEqual([])
    }

    const open = allowed.filter(({ line }) => expands(line))
    expect(open.length).toBeGreaterThan(100)
    for (const shell of ['bash', 'dash'] as const) {
      const [written, printed] = await runBoth(shell, open, { glob: true })
      expect(differing(open, printed, (_, index) => written[index] ?? [])).toEqual([])
    }
  },
)
