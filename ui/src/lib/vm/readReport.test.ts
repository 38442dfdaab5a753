import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readReport, reportName, summariseReport } from './readReport.ts'

const report = `The monitor of QEMU is silent.

== process (ok, 0.3 s)
-- stat
== not a header
== nor this (perhaps)

== storage (no end within 5 s)

== quorum (failed, exit 1)
ipcc_send_rec[1] failed

== end
`

test('a report is a sentence and its probes, each with how it ended', () => {
  expect(readReport(report)).toEqual({
    sentence: 'The monitor of QEMU is silent.',
    preface: '',
    whole: true,
    sections: [
      {
        name: 'process',
        status: 'ok, 0.3 s',
        shape: 'ok',
        text: '-- stat\n== not a header\n== nor this (perhaps)',
      },
      { name: 'storage', status: 'no end within 5 s', shape: 'unknown', text: '' },
      { name: 'quorum', status: 'failed, exit 1', shape: 'warn', text: 'ipcc_send_rec[1] failed' },
    ],
  })
  expect(summariseReport(readReport(report))).toBe('3 probes: 1 ok, 1 failed, 1 without an end')
})

test('a report that was cut off is known by its missing last line', () => {
  expect(readReport(report).whole).toBe(true)
  expect(readReport(report.replace('== end', '')).whole).toBe(false)
})

test('what else stands before the first probe stays', () => {
  const { sentence, preface } = readReport('It runs.\nmade at 03:00\n\n  by hand\n== host (ok, 0.1 s)\nup')
  expect({ sentence, preface }).toEqual({ sentence: 'It runs.', preface: 'made at 03:00\n\n  by hand' })
})

test('a text that is no report stands as it is', () => {
  const text = 'sh: 1: forensics: not found\n\n  == process\nnothing'
  expect(readReport(text)).toEqual({ sentence: '', preface: text, whole: false, sections: [] })
  expect(readReport('')).toEqual({ sentence: '', preface: '', whole: false, sections: [] })
})

test('no line of any text is lost', () => {
  const line = fc.oneof(
    fc.stringMatching(/^[ -~]{0,20}$/),
    fc.constantFrom('', '== a (ok, 1 s)', '== b (failed)', '== c (no end)', '== d (well)', '==', '== end'),
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const { sentence, preface, sections, whole } = readReport(lines.join('\n'))
      const parts = sections.flatMap(({ name, status, text }) => [`== ${name} (${status})`, text])
      const shown = [sentence, preface, ...parts, whole ? '== end' : '']
      const words = (text: string) => text.split(/\s+/).filter((word) => word !== '')
      expect(words(shown.join('\n'))).toEqual(words(lines.join('\n')))
    }),
  )
})

test('it is saved under the VM and the time', () => {
  expect(reportName('devvm', '2026-11-27T03:00:00.123Z')).toBe('devvm-20261127T030000Z.txt')
})
