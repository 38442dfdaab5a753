import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { searchKnowledgeTool } from './searchKnowledge.ts'
import type { ToolResult } from './Tool.ts'

const context = { sessionId: 's', call: 'c', target: 'devvm', operator: 'operator' }

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'breakglass-notes-'))))
afterEach(async () => await rm(folder, { recursive: true }))

const note = async (name: string, text: string) => await writeFile(join(folder, name), text)

function tool(folders = [folder]) {
  const search = searchKnowledgeTool({ folders: () => folders })
  return async (query: string, signal = new AbortController().signal): Promise<ToolResult> => {
    const prepared = await search.prepare({ query }, context)
    expect(prepared.verdict).toEqual({ type: 'read' })
    return await prepared.run({
      signal,
      write: () => undefined,
      ask: () => Promise.reject(new Error('asked')),
    })
  }
}

/** What was found, in order: `file:line headings`. */
const found = ({ stdout }: ToolResult) => [...stdout.matchAll(/^## (.*)$/gm)].map(([, name]) => name)

it('names file, line and heading, and gives the text', async () => {
  await note('disk.md', '# Disk\nx\n\n## Journal\nVacuum it:\n\n    journalctl --vacuum-size=500M\n')
  await note('other.md', '# Clock\nchrony\n')
  const result = await tool()('vacuum journal')
  expect(found(result)).toEqual([`${basename(folder)}/disk.md:4 Disk › Journal`])
  expect(result.stdout).toContain('journalctl --vacuum-size=500M')
  expect(result).toMatchObject({ exitCode: 0, stderr: '' })
})

it('ranks a word in a heading above one in the text', async () => {
  await note('a.md', '# Backups\nThey need space; the storage is called tank, and tank is large.\n')
  await note('b.md', '# The storage tank\nTwo disks.\n')
  const [first] = found(await tool()('tank'))
  expect(first).toContain('b.md')
})

it.each(['journl', 'journal', 'JOURNAL', 'journals'])('finds it by %s', async (query) => {
  await note('a.md', '# A\nThe journal grows.\n')
  expect(found(await tool()(query))).toHaveLength(1)
})

it('says when there is nothing', async () => {
  await note('a.md', '# A\nx\n')
  expect((await tool()('zebra')).stdout).toBe('No section of 1 has words of "zebra".\n')
})

it('sees a file that came, changed or went', async () => {
  const search = tool()
  await note('a.md', '# A\nzebra\n')
  expect(found(await search('zebra'))).toHaveLength(1)
  await note('b.md', '# B\nzebra\n')
  expect(found(await search('zebra'))).toHaveLength(2)
  await note('a.md', '# A\nhorse\n')
  // The same length: only its time tells, and clocks are coarse.
  await utimes(join(folder, 'a.md'), 1, 2)
  expect(found(await search('zebra'))).toHaveLength(1)
  await rm(join(folder, 'b.md'))
  expect(found(await search('zebra'))).toEqual([])
})

it('searches the other folders when one is missing, and says so', async () => {
  await note('a.md', '# A\nzebra\n')
  const result = await tool([join(folder, 'gone'), folder])('zebra')
  expect(found(result)).toHaveLength(1)
  expect(result.stdout).toContain(`The folder ${join(folder, 'gone')} does not exist.`)
  expect(result.exitCode).toBe(0)
})

it('follows no link out of the folder, and reads each file once', async () => {
  const inside = join(folder, 'notes')
  await mkdir(join(inside, '..data'), { recursive: true })
  await mkdir(join(inside, 'sub'))
  await note('secret.md', '# Secret\nzebra\n')
  await writeFile(join(inside, '..data', 'mounted.md'), '# Mounted\nzebra\n')
  await writeFile(join(inside, 'sub', 'deep.md'), '# Deep\nzebra\n')
  await writeFile(join(inside, 'plain.txt'), '# Plain\nzebra\n')
  // As Kubernetes mounts a ConfigMap: each file is a link into a hidden folder beside it.
  await symlink('..data/mounted.md', join(inside, 'mounted.md'))
  await symlink('../secret.md', join(inside, 'file.md'))
  await symlink('..', join(inside, 'up'))
  await symlink('.', join(inside, 'loop'))
  await symlink('sub/deep.md', join(inside, 'twice.md'))
  const names = found(await tool([inside])('zebra'))
  expect(names.sort()).toEqual(['notes/mounted.md:1 Mounted', 'notes/sub/deep.md:1 Deep'])
})

it('leaves a file out that is too large, and says so, in few words', async () => {
  for (let n = 0; n < 7; n += 1) await note(`big${n}.md`, `# Big\nzebra ${'x'.repeat(1024 * 1024)}`)
  await note('a.md', '# A\nzebra\n')
  const result = await tool()('zebra')
  expect(found(result)).toHaveLength(1)
  expect(result.stdout).toContain('big4.md is left out: it is larger than 1 MiB.\n2 more are left out.\n')
})

it('gives at most 2,000 files', async () => {
  for (let n = 0; n < 2001; n += 1) await note(`${n}.md`, `# N\nzebra\n`)
  const { stdout } = await tool()('zebra')
  expect(stdout).toContain('Only the first 2000 files are searched')
  expect(stdout).toContain('2000 of 2000 sections')
})

it('caps what it gives', async () => {
  for (let n = 0; n < 6; n += 1) await note(`${n}.md`, `# N\nzebra ${'word '.repeat(20_000)}\n`)
  const { stdout } = await tool()('zebra')
  expect(stdout.length).toBeLessThan(18_000)
  expect(stdout).toMatch(/\[\d+ more characters stand in the file\]/)
})

it('ends at once on cancel', async () => {
  expect(await tool()('zebra', AbortSignal.abort())).toMatchObject({ exitCode: null, failedLeg: 'cancelled' })
})
