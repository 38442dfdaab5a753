import { join } from 'node:path'
import { expect, it } from 'vitest'
import { KnowledgeIndex } from './KnowledgeIndex.ts'

const builtIn = join(import.meta.dirname, '../../../agents/knowledge')
const index = new KnowledgeIndex(() => [builtIn])

it.each([
  ['no space left on device', 'disk-full.md', ''],
  ['df full but du small', 'disk-full.md', ''],
  ['deleted files still open', 'disk-full.md', 'Deleted files that are still open'],
  ['out of inodes', 'disk-full.md', 'Inodes'],
  ['vacuum journal', 'disk-full.md', 'The journal'],
  ['oom killed process', 'memory.md', ''],
  ['memory pressure PSI', 'memory.md', ''],
  ['VM wedged: cycle or reset?', 'wedged-vm.md', 'Reset or cycle'],
  ['process in D state, stop hangs', 'wedged-vm.md', 'A process in D state'],
  ['VM is locked (backup)', 'wedged-vm.md', 'What stands in the way'],
  ['start-limit-hit', 'systemd-units.md', 'What happened'],
  ['nginx does not start, exit code', 'systemd-units.md', ''],
  ['resolv.conf dns does not resolve', 'network-and-dns.md', 'DNS'],
  ['clock skew NTP', 'clock.md', ''],
  ['Read-only file system', 'read-only-root.md', ''],
])('%j leads to %s %s', async (query, note, heading) => {
  const { hits } = await index.search(query, 1)
  expect(hits).toMatchObject([{ note: `knowledge/${note}` }])
  if (heading !== '') expect(hits[0]?.headings.at(-1)).toBe(heading)
})

it('two searches at once share one look at the files', async () => {
  let looks = 0
  const counted = new KnowledgeIndex(() => {
    looks += 1
    return [builtIn]
  })
  const [first, second] = await Promise.all([counted.search('journal', 3), counted.search('journal', 3)])
  expect(second).toEqual(first)
  expect(looks).toBe(1)
})
