import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FleetLab } from '#test/fakes/fleetLab.ts'
import {
  choices,
  filterHosts,
  filterTmux,
  isFiltered,
  readView,
  tabs,
  writeView,
  type View,
} from './filterHosts.ts'
import { rankHost } from './orderHosts.ts'
import { troublesOf } from './troublesOf.ts'

const now = Date.parse('2026-11-27T02:58:00Z')
const lab = new FleetLab(now)
const hosts = lab.hosts()
const ranked = hosts.map((host) => rankHost(host, troublesOf(host, now, []), [], now))
const all: View = readView(new URLSearchParams())
const found = (change: Partial<View>) =>
  filterHosts(ranked, { ...all, ...change }).map(({ host }) => host.name)

test.each<[string, Partial<View>, string[]]>([
  ['a host', { text: 'gpu3' }, ['gpu3']],
  ['a user, in any case', { text: 'USER1' }, ['gpu3']],
  ['a tmux session', { text: 'train-old' }, ['gpu3']],
  ['a kind of GPU', { text: 'a100' }, ['a100']],
  ['several words, each somewhere', { text: '4090 finetune' }, ['gpu1']],
  ['a group', { groups: ['storage'] }, ['storage1']],
  ['one group or the other', { groups: ['storage', 'edge'] }, ['pi-02', 'storage1', 'login']],
  ['a group and a tag', { groups: ['edge'], tags: ['arm'] }, ['pi-02']],
  ['trouble with words', { text: 'login', trouble: true }, []],
  ['nothing', { text: 'no such thing' }, []],
])('%s is found', (_, change, names) => {
  expect(found(change)).toEqual(names)
})

test('only trouble: a reboot is none', () => {
  const names = found({ trouble: true })
  expect(names).toContain('gpu4')
  expect(names).not.toContain('gpu8')
  expect(names).not.toContain('gpu1')
})

test('tmux sessions: who holds most GPU memory first, what is not known last', () => {
  const active = filterTmux(ranked, all, 'active').map(({ tmux }) => tmux.name)
  expect(active.slice(0, 3)).toEqual(['sweep: lr=0.1', 'finetune', 'notebooks'])
  expect(active.at(-1)).toBe('irc')
  expect(filterTmux(ranked, all, 'legacy').map(({ tmux }) => tmux.name)).toEqual(['train-old'])
})

test('groups and tags to choose from, each once', () => {
  expect(choices(hosts, 'groups')).toEqual(['edge', 'gpu', 'storage'])
  expect(choices(hosts, 'tags')).toEqual(['4090', 'arm', 'guest'])
})

test('the plain view needs no query', () => {
  expect(writeView(all)).toBe('')
  expect(isFiltered(all)).toBe(false)
  expect(isFiltered({ ...all, tab: 'legacy', sort: 'name' })).toBe(false)
})

test('a view goes through the address', () => {
  const words = fc.array(fc.string({ minLength: 1 }), { maxLength: 3 })
  const view = fc.record({
    tab: fc.constantFrom(...tabs),
    text: fc.string().map((text) => text.trim()),
    groups: words,
    tags: words,
    trouble: fc.boolean(),
    sort: fc.constantFrom('trouble' as const, 'name' as const),
  })
  fc.assert(
    fc.property(view, (one) => {
      expect(readView(new URLSearchParams(writeView(one)))).toEqual(one)
    }),
  )
})
