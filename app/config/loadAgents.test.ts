import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadAgents, presetsFolder } from './loadAgents.ts'

const tools = ['shell', 'power', 'output']

let folder: string
let own: string
let builtIn: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agents-'))
  own = join(folder, 'own')
  builtIn = join(folder, 'built-in')
  await mkdir(own)
  await mkdir(join(builtIn, 'presets'), { recursive: true })
  await writeFile(join(builtIn, 'breakglass.md'), agent('breakglass'))
  await writeFile(join(builtIn, 'alert.md'), agent('alert'))
})
afterEach(() => rm(folder, { recursive: true }))

function agent(name: string, more = '', body = '\nLook first.\n'): string {
  return `---\nname: ${name}\ndescription: Looks.\ntools: [shell, output]\n${more}---\n${body}`
}
const names = async () => (await loadAgents({ own, builtIn }, tools)).map(({ name }) => name)

test('an agent is its front matter and the text below it; the default one comes first', async () => {
  const agents = await loadAgents({ builtIn }, tools)
  expect(agents.map(({ name }) => name)).toEqual(['breakglass', 'alert'])
  expect(agents[0]).toEqual({
    ...{ name: 'breakglass', description: 'Looks.', tools: ['shell', 'output'] },
    instructions: 'Look first.',
  })
})

test('the built-in agents are right, the default one among them', async () => {
  const all = ['fleet', 'search_knowledge', 'ask_clarification', 'confirm_action', 'send_email', ...tools]
  const [first] = await loadAgents({ builtIn: 'agents' }, all)
  expect(first?.name).toBe('breakglass')
})

test('a mounted folder without an agent leaves the built-in ones', async () => {
  await mkdir(join(own, 'presets'))
  await writeFile(join(own, 'notes.txt'), 'x')
  expect(await names()).toEqual(['breakglass', 'alert'])
})

test('a mounted folder with agents stands in place of the built-in ones', async () => {
  await writeFile(join(own, 'mine.md'), agent('breakglass', 'model: claude\ntargets: [box]\n'))
  expect(await names()).toEqual(['breakglass'])
})

test('a README for people is no agent, and alone it leaves the built-in ones', async () => {
  await writeFile(join(own, 'Readme.md'), '# Our agents\n')
  expect(await names()).toEqual(['breakglass', 'alert'])
  await writeFile(join(own, 'mine.md'), agent('breakglass'))
  expect(await names()).toEqual(['breakglass'])
  await writeFile(join(own, 'README.md'), agent('other'))
  expect(await names()).toEqual(['breakglass', 'other'])
})

test('presets are taken from the mounted folder where it has a folder of them', async () => {
  expect(await presetsFolder({ builtIn })).toBe(join(builtIn, 'presets'))
  expect(await presetsFolder({ own, builtIn })).toBe(join(builtIn, 'presets'))
  await mkdir(join(own, 'presets'))
  expect(await presetsFolder({ own, builtIn })).toBe(join(own, 'presets'))
})

test.each<[what: string, file: string, told: RegExp]>([
  ['no default agent', agent('mine'), /own: found no agent named breakglass; allowed: agents, one of them/],
  ['no front matter', 'Look first.', /a\.md: found no front matter/],
  ['a mistake in the YAML', '---\nname: [\n---\n', /a\.md: found a mistake in the YAML/],
  ['no instructions', agent('breakglass', '', ''), /a\.md: found no instructions; allowed: Markdown below/],
  ['an unknown setting', agent('breakglass', 'shell: bash\n'), /a\.md: shell: found an unknown name/],
  ['a wrong name', agent('Break Glass'), /a\.md: name: found "Break Glass"/],
  [
    'an unknown tool',
    agent('breakglass').replace('output', 'bash'),
    /a\.md: tools\[1\]: found "bash"; allowed: one of shell, power, output/,
  ],
])('%s is refused with file, path, what was found and what is allowed', async (_what, file, told) => {
  await writeFile(join(own, 'a.md'), file)
  await expect(names()).rejects.toThrow(told)
})

test('two agents of one name are refused, naming both files', async () => {
  for (const name of ['a.md', 'b.md']) await writeFile(join(own, name), agent('breakglass'))
  await expect(names()).rejects.toThrow(/b\.md: name: found "breakglass", the name of .*a\.md/)
})

test('a mounted folder that does not exist is told, not passed over', async () => {
  own = join(folder, 'none')
  await expect(names()).rejects.toThrow(
    /none: found a folder that does not exist; allowed: a folder of agents/,
  )
})
