import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('ADR/*.md')]

describe('package.json', () => {
  it('names every version exactly', () => {
    const all = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'].flatMap((list) =>
      Object.entries(manifest[list] ?? {}),
    )
    const loose = all.filter(([, version]) => !/^(npm:.+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    expect(loose).toEqual([])
  })

  it('gives every dependency a reason in the README', () => {
    const readme = readFileSync('README.md', 'utf8')
    const all = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((list) =>
      Object.keys(manifest[list] ?? {}),
    )
    expect(all.filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
  })
})

describe('the pages', () => {
  it.each(pages)('%s names only commands that exist', (page) => {
    const commands = readFileSync(page, 'utf8').matchAll(/npm (?:run (?:-s )?([\w:-]+)|(start|test)\b)/g)
    const named = [...commands].map(([, run, short]) => run ?? short ?? '')
    expect(named.filter((name) => !(name in (manifest['scripts'] ?? {})))).toEqual([])
  })

  it.each(pages)('%s links only to files that exist', (page) => {
    const folder = page.includes('/') ? 'ADR/' : ''
    const links = readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)
    const missing = [...links]
      .map(([, link = '']) => link)
      .filter((link) => globSync(folder + link).length === 0)
    expect(missing).toEqual([])
  })

  it('list every ADR', () => {
    const index = readFileSync('ADR/README.md', 'utf8')
    const unlisted = globSync('ADR/[0-9]*.md').filter((file) => !index.includes(`(${file.slice(4)})`))
    expect(unlisted).toEqual([])
  })
})

it('every script takes the place of its shell, so that a signal to npm reaches the server', () => {
  const launched = Object.values(manifest['scripts'] ?? {}).filter((script) => script.includes('start.mjs'))
  expect(launched.length).toBeGreaterThan(0)
  expect(launched.filter((script) => !script.startsWith('exec node start.mjs'))).toEqual([])
})
