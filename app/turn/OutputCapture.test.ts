import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AppError } from '#app/errors.ts'
import type { EventLog } from '#app/eventlog/EventLog.ts'
import { SqliteEventLog } from '#app/eventlog/SqliteEventLog.ts'
import type { OutputPiece } from '#app/tool/output.ts'
import { createOutputCapture, type OutputCaptureOptions } from './OutputCapture.ts'
import { createOutputs, type Outputs } from './outputs.ts'

let folder: string
let log: EventLog
let outputs: Outputs
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outputs-'))
  log = new SqliteEventLog(folder)
  outputs = createOutputs(log)
})
afterEach(async () => {
  await log.close()
  await rm(folder, { recursive: true })
})

const open = (given: Partial<OutputCaptureOptions> = {}, into: Pick<Outputs, 'open'> = outputs) =>
  createOutputCapture(into, { sessionId: 's', call: 'c', ...given })
const all = async (pieces: AsyncIterable<OutputPiece>): Promise<OutputPiece[]> => {
  const found: OutputPiece[] = []
  for await (const piece of pieces) found.push(piece)
  return found
}
const textOf = async (pieces: AsyncIterable<OutputPiece> | null): Promise<string | null> =>
  pieces && (await all(pieces)).map(({ text }) => text).join('')
const lines = (count: number): string => Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('')
const capped = 200_000

async function captureOf(text: string, call = 'c', into = outputs) {
  const capture = open({ call }, into)
  await capture.write('stdout', text)
  return await capture.end()
}

test('a short output stands in the event as it came, and is kept nowhere else', async () => {
  const capture = open()
  await capture.write('stdout', 'out\n')
  await capture.write('stderr', 'err\n')
  expect(await capture.end()).toEqual({ stdout: 'out\n', stderr: 'err\n', truncated: false, bytes: 8 })
  expect(await outputs.read('s', 'c')).toBeNull()
})

test('of a long one head and tail of each stream stand in the event, and all of it is kept as it came', async () => {
  const capture = open()
  let whole = ''
  for (let i = 0; i < 3000; i += 1) {
    whole += `out ${i} ${'x'.repeat(300)}\n`
    await capture.write('stdout', `out ${i} ${'x'.repeat(300)}\n`)
    if (i % 1000 > 0) continue
    whole += `err ${i}\n`
    await capture.write('stderr', `err ${i}\n`)
  }
  const { stdout, stderr, truncated, bytes } = await capture.end()
  expect(truncated).toBe(true)
  expect(bytes).toBe(whole.length)
  expect(stderr).toBe('err 0\nerr 1000\nerr 2000\n')
  expect(stdout).toMatch(
    /^out 0 x+\nout 1 [^]*\n… \d+ characters left out here, the whole output is kept …\n[^]*out 2999 x+\n$/,
  )
  expect(stdout.length).toBeLessThan(66_000)
  expect(await textOf(await outputs.read('s', 'c'))).toBe(whole)
})

test('secrets are in neither, even if they come in pieces', async () => {
  const capture = open()
  for (const piece of [
    'x'.repeat(100_000),
    '\npass',
    'word=hun',
    'ter2\n',
    'y'.repeat(100_000),
    '\nTOKEN=hun',
    'ter3',
  ])
    await capture.write('stdout', piece)
  const { stdout } = await capture.end()
  const whole = await textOf(await outputs.read('s', 'c'))
  expect(stdout).toMatch(/TOKEN=\[hidden: token\]$/)
  expect(whole).toContain('\npassword=[hidden: password]\ny')
  expect(`${stdout}${whole}`).not.toContain('hunter')
})

test('characters of several units stay whole wherever pieces and chunks are cut', async () => {
  const text = `a${'🔥'.repeat(400_000)}`
  const capture = open()
  for (let at = 0; at < text.length; at += 9_999) await capture.write('stdout', text.slice(at, at + 9_999))
  const { stdout, bytes } = await capture.end()
  expect(stdout.isWellFormed()).toBe(true)
  expect(bytes).toBe(Buffer.byteLength(text))
  expect(await textOf(await outputs.read('s', 'c'))).toBe(text)
})

test('whoever writes waits for the log', async () => {
  const gate = Promise.withResolvers<void>()
  const slow: EventLog = Object.create(log, {
    append: {
      value: async (...args: Parameters<EventLog['append']>) => (
        await gate.promise,
        await log.append(...args)
      ),
    },
  }) as EventLog // the real log with one method in front
  const capture = open({}, createOutputs(slow))
  expect(capture.write('stdout', lines(1000))).toBeUndefined()
  const written = vi.fn()
  const writing = Promise.resolve(capture.write('stdout', lines(capped))).then(written)
  await log.ping()
  expect(written).not.toHaveBeenCalled()
  gate.resolve()
  await writing
  await capture.end()
  expect(await textOf(await outputs.read('s', 'c'))).toBe(lines(1000) + lines(capped))
})

test('with the log away head and tail still stand in the event, which says what is missing', async () => {
  const broken: EventLog = Object.create(log, {
    append: { value: () => Promise.reject(new AppError('log_unavailable', 'away')) },
  }) as EventLog // the real log with one method in front
  const onLost = vi.fn()
  const capture = open({ onLost }, createOutputs(broken))
  await capture.write('stdout', lines(capped))
  const { stdout, truncated } = await capture.end()
  expect(stdout).toContain(`the last ${lines(capped).length} bytes of the whole output could not be kept`)
  expect(truncated).toBe(true)
  expect(onLost).toHaveBeenCalledOnce()
})

test('what an output has beyond its limit is dropped, and that is said in both places', async () => {
  const small = createOutputs(log, { maxTextBytes: 1_000_000 })
  const text = lines(capped)
  const { stdout } = await captureOf(text, 'c', small)
  const whole = (await textOf(await small.read('s', 'c'))) ?? ''
  const [, dropped] = /\[(\d+) bytes more were not kept\.\]\n$/.exec(whole) ?? []
  expect(Number(dropped)).toBeGreaterThan(text.length - 1_000_000 - 1)
  expect(stdout).toContain(`is kept but for its last ${dropped} bytes`)
  expect(whole.startsWith(text.slice(0, text.length - Number(dropped)))).toBe(true)
})

test('a call that runs again, after a crash, begins its output anew', async () => {
  const first = open()
  await first.write('stdout', lines(capped))
  await captureOf(`again\n${lines(capped)}`)
  expect(await textOf(await outputs.read('s', 'c'))).toBe(`again\n${lines(capped)}`)
  // The one that was given up, waking late, neither ruins it nor fails.
  await first.write('stdout', lines(capped))
  await first.end()
  expect(await textOf(await outputs.read('s', 'c'))).toBe(`again\n${lines(capped)}`)
})

test('one that never ended says so', async () => {
  const capture = open()
  await capture.write('stdout', lines(capped))
  expect(await textOf(await outputs.read('s', 'c'))).toMatch(
    /\n\[No more was kept of this output: [^\n]*\]\n$/,
  )
  await capture.end()
})

test('the oldest make room, across restarts, and who reads one meanwhile is told', async () => {
  const limits = { maxStoredBytes: 3_000_000 }
  const noise = (): string => randomBytes(600_000).toString('base64')
  const before = createOutputs(log, limits)
  for (const call of ['a', 'b', 'c']) await captureOf(noise(), call, before)
  const reading = (await before.read('s', 'b'))?.[Symbol.asyncIterator]()
  await reading?.next()
  const after = createOutputs(log, limits)
  for (const call of ['d', 'e']) await captureOf(noise(), call, after)
  const kept = (await log.streams('output:', 100)).map(({ stream }) => stream)
  expect(kept).not.toContain('output:s.a')
  expect(kept).not.toContain('output:s.b')
  expect(kept).toContain('output:s.e')
  expect(await after.read('s', 'a')).toBeNull()
  const rest = await all({ [Symbol.asyncIterator]: () => reading! })
  expect(rest.at(-1)?.text).toContain('no longer kept')
})

test.each([0, 1, 2, 40_000, 123_456, 199_999, 300_000])(
  'reading from line %i begins at or before it',
  async (line) => {
    await captureOf(lines(capped))
    const pieces = await all((await outputs.read('s', 'c', line))!)
    const first = pieces[0]
    const text = pieces.map((piece) => piece.text).join('')
    const end = text.split('\n').slice(line - (first?.line ?? 0))
    expect(end[0] ?? '').toBe(line < capped ? `line ${line + 1}` : '')
    if (line > 60_000 && line < capped) expect(first?.line).toBeGreaterThan(0)
  },
)

test('an odd id of a call is no way out of its stream', async () => {
  const call = '../x:y z\u0000'
  await captureOf(lines(capped), call)
  expect(await textOf(await outputs.read('s', call))).toBe(lines(capped))
})

test('progress tells what came lately, and nothing of a call that ends within a second', async () => {
  const ticks: (() => void)[] = []
  const stop = vi.fn()
  const told: string[] = []
  const options: Partial<OutputCaptureOptions> = {
    onProgress: (text) => told.push(text),
    every: (ms, act) => (expect(ms).toBe(1000), ticks.push(act), stop),
  }
  const capture = open(options)
  const tick = () => ticks.forEach((act) => act())
  await capture.write('stdout', 'password=hunter2\none')
  expect(told).toEqual([])
  tick()
  await capture.write('stdout', '\n')
  await capture.write('stderr', `${'x'.repeat(5000)}\n`)
  tick()
  tick()
  expect(told).toEqual(['password=[hidden: password]\n', `…${'x'.repeat(1020)}\n`])
  await capture.end()
  expect(stop).toHaveBeenCalledOnce()
})
