import { expect, it } from 'vitest'
import { splitSections } from './splitSections.ts'

it('takes a note apart by its headings, and tells those above', () => {
  const note = [
    'before',
    '# Disk',
    '',
    'full',
    '## Inodes ##',
    'none left',
    '### Where',
    'here',
    '## Blocks',
    'x',
  ]
  expect(splitSections(note.join('\n'))).toEqual([
    { headings: [], line: 1, text: 'before' },
    { headings: ['Disk'], line: 2, text: 'full' },
    { headings: ['Disk', 'Inodes'], line: 5, text: 'none left' },
    { headings: ['Disk', 'Inodes', 'Where'], line: 7, text: 'here' },
    { headings: ['Disk', 'Blocks'], line: 9, text: 'x' },
  ])
})

it('leaves out headings without text, and knows a level that is skipped', () => {
  expect(splitSections('# A\n### C\nx\n## B\n')).toEqual([{ headings: ['A', 'C'], line: 2, text: 'x' }])
})

it.each([
  ['```sh', '# not a heading', '```'],
  ['~~~', '# not a heading', '```', '~~~~'],
  ['````', '```', '# not a heading', '````'],
])('takes a # within a fence for what it is: %j', (...fence) => {
  const note = ['# A', ...fence, '# B', 'x'].join('\n')
  expect(splitSections(note)).toEqual([
    { headings: ['A'], line: 1, text: fence.join('\n') },
    { headings: ['B'], line: fence.length + 2, text: 'x' },
  ])
})

it.each(['#hashtag', '####### seven', '    # code'])('%j is no heading', (line) => {
  expect(splitSections(line)).toEqual([{ headings: [], line: 1, text: line.trim() }])
})

it('cuts a long section at an empty line, and tells where each piece begins', () => {
  const paragraph = 'word '.repeat(700).trim()
  const sections = splitSections(`# A\n${paragraph}\n\n${paragraph}\n\nend`)
  expect(sections.map(({ headings, line }) => [headings, line])).toEqual([
    [['A'], 1],
    [['A'], 4],
    [['A'], 6],
  ])
})

it('reads lines that end as Windows ends them', () => {
  expect(splitSections('# A\r\nx\r\ny')).toEqual([{ headings: ['A'], line: 1, text: 'x\ny' }])
})

it('makes nothing of nothing', () => {
  expect(splitSections('\n \n')).toEqual([])
})
