import { ESLint } from 'eslint'
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folderOf, isWiring, mayImport, ranks } from './zones.ts'

/** Lints only the imports of a file that need not exist, so without types. */
const eslint = new ESLint({
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
  ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-imports',
})

async function refusals(filePath: string, imported: string): Promise<string[]> {
  const [result] = await eslint.lintText(`import { it } from '${imported}'\nexport { it }\n`, { filePath })
  return result?.messages.map((message) => message.message) ?? ['not linted']
}

describe('the import rule', () => {
  it.each([
    ['app/ssh/planted.ts', '#app/power/runVerb.ts', 'from left to right'],
    ['app/eventlog/planted.ts', '#app/session/evolve.ts', 'the log knows nothing of sessions'],
    ['app/power/planted.ts', '#app/fleet/hosts.ts', 'folders of one rank'],
    ['app/provider/planted.ts', '#app/tool/Tool.ts', 'folders of one rank'],
    ['app/schema/planted.ts', '#app/errors.ts', 'the last rank imports nothing'],
    ['app/errors.ts', '#app/schema/api.ts', 'the last rank imports nothing'],
    ['app/turn/planted.ts', '#app/turn/runTurn.ts', 'its own folder by the long way'],
    ['app/turn/planted.ts', '../session/evolve.ts', 'a relative way out of the folder'],
    ['app/provider/runbook/planted.ts', '../../session/evolve.ts', 'a relative way out of the folder'],
    ['app/turn/planted.ts', '#app/main.ts', 'the wiring'],
    ['app/turn/planted.ts', '#app/nowhere/file.ts', 'a folder that is not in the list'],
  ])('refuses in %s the import of %s: %s', async (file, imported) => {
    expect(await refusals(file, imported)).toHaveLength(1)
  })

  it.each([
    ['app/turn/planted.ts', '#app/session/evolve.ts'],
    ['app/turn/planted.ts', '#app/errors.ts'],
    ['app/turn/planted.ts', './runTurn.ts'],
    ['app/turn/planted.ts', 'zod'],
    ['app/main.ts', '#app/turn/runTurn.ts'],
    ['app/provider/runbook/planted.ts', '../Provider.ts'],
    ['app/turn/planted.test.ts', '../../test/fakes/sshd.ts'],
    ['app/power/host/planted.test.ts', '../../../test/fakes/sshd.ts'],
  ])('lets %s import %s', async (file, imported) => {
    expect(await refusals(file, imported)).toEqual([])
  })
})

describe('the folders of app/', () => {
  const files = globSync('app/**/*.ts')

  it('are all in the list', () => {
    const unknown = files
      .map(folderOf)
      .filter((folder) => !isWiring(folder) && !ranks.flat().includes(folder))
    expect(unknown).toEqual([])
  })

  it('are imported only from the left, also when loaded late by import()', () => {
    const wrong = files
      .filter((file) => !isWiring(folderOf(file)))
      .flatMap((file) => {
        const imported = readFileSync(file, 'utf8').matchAll(/(?:from|import)[\s(]*'#app\/([^/']+)/g)
        return [...imported].map(([, folder = '']) => ({ file, folder }))
      })
      .filter(({ file, folder }) => !mayImport(folderOf(file)).includes(folder))
    expect(wrong).toEqual([])
  })
})
