import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../test/fakes/breakglass.ts'
import type { ConfigError } from './ConfigError.ts'
import { loadConfig, type Settings } from './loadConfig.ts'
import { watchConfig } from './watchConfig.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL4UzVuJPUd/JJxT1WARkrrWOsJO/tF2STGs/hXtAahE'
const withTarget = (name: string) => `targets: {${name}: {host: h, host_keys: ["${key}"]}}\n`

let folder: string
let seen: (string | ConfigError)[]
let stop = () => undefined as void
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-watch-'))
  seen = []
})
afterEach(async () => {
  stop()
  await rm(folder, { recursive: true })
})

function watch(file: string): Settings {
  const settings = loadConfig({
    env: { BREAKGLASS_CONFIG: file, BREAKGLASS_LISTEN: '127.0.0.1:1' },
    cwd: folder,
  })
  stop = watchConfig(settings, {
    onChange: (changed) => seen.push(Object.keys(changed.config.targets).join()),
    onProblem: (error) => seen.push(error),
    intervalMs: 20,
  })
  return settings
}

const told = (what: string) => until(what, () => seen.includes(what))

test('a changed file is read again, a wrong change is told, and a right one after it counts', async () => {
  const path = join(folder, 'b.yaml')
  await writeFile(path, withTarget('one'))
  watch('b.yaml')
  await writeFile(path, withTarget('two'))
  await told('two')
  await writeFile(path, 'targets: 5\n')
  // A look may also meet the file while it is empty, which is a problem of its own.
  await until('the problem', () =>
    seen.some((one) => typeof one !== 'string' && one.message.includes('b.yaml, line 1: targets: found 5')),
  )
  await writeFile(path, withTarget('three'))
  await told('three')
})

test('a file that was replaced by another is read again', async () => {
  await writeFile(join(folder, 'b.yaml'), withTarget('one'))
  watch('b.yaml')
  await writeFile(join(folder, 'new'), withTarget('two'))
  await rename(join(folder, 'new'), join(folder, 'b.yaml'))
  await told('two')
})

test('a file behind two symbolic links is read again when one is turned, as Kubernetes does', async () => {
  for (const [version, name] of [
    ['..v1', 'one'],
    ['..v2', 'two'],
  ] as const) {
    await mkdir(join(folder, version))
    await writeFile(join(folder, version, 'b.yaml'), withTarget(name))
  }
  await symlink('..v1', join(folder, '..data'))
  await symlink('..data/b.yaml', join(folder, 'b.yaml'))
  watch('b.yaml')
  await symlink('..v2', join(folder, '..tmp'))
  await rename(join(folder, '..tmp'), join(folder, '..data'))
  await told('two')
})

test('a file that is gone for a moment is told, and counts when it is back', async () => {
  const path = join(folder, 'b.yaml')
  await writeFile(path, withTarget('one'))
  watch('b.yaml')
  await rm(path)
  const problem = await until('the problem', () => seen.find((one) => typeof one !== 'string'))
  expect(problem.message).toContain('which does not exist')
  await writeFile(path, withTarget('two'))
  await told('two')
})

test('what the environment said stays, and nothing is told after the end', async () => {
  const path = join(folder, 'b.yaml')
  await writeFile(path, withTarget('one'))
  const settings = watch('b.yaml')
  expect(settings.listen).toEqual({ host: '127.0.0.1', port: 1 })
  stop()
  await writeFile(path, withTarget('two'))
  let changed: Settings | undefined
  const again = watchConfig(settings, {
    onChange: (one) => (changed = one),
    onProblem: () => undefined,
    intervalMs: 20,
  })
  stop = again
  await writeFile(path, withTarget('three'))
  const after = await until('the second watcher', () => changed)
  expect(after.listen).toEqual({ host: '127.0.0.1', port: 1 })
  expect(seen).toEqual([])
})
