import { spawnSync } from 'node:child_process'
import { access, chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostileRequests } from '../../test/fakes/hostileRequests.ts'
import { hostScript, run, type HostScript } from '../../test/fakes/hostScript.ts'
import { onHost } from '../../test/fakes/hostTest.ts'

const op = '0123456789abcdef0123456789abcdef'
const scripts = [
  'breakglass-pve',
  'breakglass-vm',
  'breakglass-lib',
  'breakglass-status',
  'breakglass-preflight',
  'breakglass-report',
  'breakglass-probe',
]
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
const isThere = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

describe('what is not one of the requests', () => {
  let host: HostScript
  beforeAll(async () => {
    host = await hostScript()
  })
  afterAll(() => host.remove())

  it.each(hostileRequests.map((request) => [request]))('refuses %j and runs nothing', async (request) => {
    const canary = join(host.dir, 'canary')
    const { code, end } = await host.request(request.replaceAll('CANARY', canary))
    expect(code).toBe(64)
    expect(end).toMatchObject({ outcome: 'refused', op: null })
    expect(await host.calls()).toEqual([])
    expect(await exists(join(host.dir, 'state'))).toBe(false)
    expect(await exists(canary)).toBe(false)
  })

  it('refuses bytes that are no text', async () => {
    const script = `SSH_ORIGINAL_COMMAND=$(printf 'status\\377\\376') "$0" "$1"`
    const { code } = await run(
      ['sh', '-c', script, join(import.meta.dirname, 'host', 'breakglass-pve'), host.conf],
      {
        PATH: '/usr/bin:/bin',
      },
    )
    expect(code).toBe(64)
    expect(await host.calls()).toEqual([])
  })

  it('refuses when the request is not set at all', async () => {
    const { code } = await run([join(import.meta.dirname, 'host', 'breakglass-pve'), host.conf], {})
    expect(code).toBe(64)
    expect(await host.calls()).toEqual([])
  })
})

describe.concurrent('the configuration file', () => {
  const it = onHost()
  const pve = join(import.meta.dirname, 'host', 'breakglass-pve')
  const worker = join(import.meta.dirname, 'host', 'breakglass-vm')

  it.for<[string, string[]]>([
    ['no argument', []],
    ['an empty one', ['']],
    ['one that does not exist', ['/nonexistent/vm.conf']],
    ['a folder', ['/etc']],
    ['a relative one', ['vm.conf']],
    ['an option', ['-c']],
    ['three', ['/nonexistent/vm.conf', 'status', 'status']],
    ['one whose name is no name of a VM', ['/nonexistent/VM.conf']],
    ['one without a name', ['/nonexistent/.conf']],
  ])('is needed: with %s everything is refused', async ([, args], { host }) => {
    const { code, end } = await run([pve, ...args], { SSH_ORIGINAL_COMMAND: 'status' }, host.dir)
    expect(code).not.toBe(0)
    expect(end).toMatchObject({ outcome: 'refused' })
    expect(await host.calls()).toEqual([])
  })

  it.for<[string, (conf: string) => string]>([
    ['an unknown key', (conf: string) => `${conf}\nshell=/bin/sh\n`],
    ['no VM', (conf: string) => conf.replace('vmid=100', '')],
    ['a VM that is no number', (conf: string) => conf.replace('vmid=100', 'vmid=100;id')],
    ['a VM that is an option', (conf: string) => conf.replace('vmid=100', 'vmid=-1')],
    ['a folder of tools without an absolute path', (conf: string) => conf.replace(/tools=.*/, 'tools=bin')],
    ['a folder of tools that is not there', (conf: string) => conf.replace(/tools=.*/, 'tools=/nonexistent')],
    ['a control character', (conf: string) => conf.replace('vmid=100', 'vmid=100\r')],
    ['a command', (conf: string) => `${conf}\n$(touch canary)\n`],
  ])('with %s is refused', async ([, change], { host }) => {
    await writeFile(host.conf, change(await readFile(host.conf, 'utf8')))
    const { code, end } = await host.request('status')
    expect(code).toBe(78)
    expect(end).toMatchObject({ outcome: 'refused', exit_code: 78 })
    expect(await host.calls()).toEqual([])
    expect(await exists(join(host.dir, 'canary'))).toBe(false)
  })

  it('may lie under a path with spaces, quotes and other letters', async ({ host }) => {
    const dir = join(host.dir, `it's "here" $HOME é`)
    await mkdir(dir)
    const conf = join(dir, 'vm.conf')
    await writeFile(
      conf,
      (await readFile(host.conf, 'utf8')).replace(/state=.*/, `state=${join(dir, 'state')}`),
    )
    const { code, end } = await run([pve, conf, worker], { SSH_ORIGINAL_COMMAND: `cycle ${op}` })
    expect({ code, end }).toMatchObject({ code: 0, end: { op, outcome: 'done' } })
  })
})

onHost()('takes nothing from the environment of the caller', async ({ host }) => {
  const canary = join(host.dir, 'canary')
  const trap = join(host.dir, 'trap')
  await mkdir(trap)
  for (const name of ['env', 'sh', 'head', 'timeout', 'sed', 'date', 'qm']) {
    await writeFile(join(trap, name), `#!/bin/sh\ntouch '${canary}'\n`)
    await chmod(join(trap, name), 0o755)
  }
  const { code } = await host.request('status', {
    PATH: trap,
    ENV: join(trap, 'sh'),
    BASH_ENV: join(trap, 'sh'),
    IFS: 'tau',
    vmid: '999',
    qm: join(trap, 'qm'),
    state: trap,
    POSIXLY_CORRECT: '1',
    SHELLOPTS: 'xtrace',
  })
  expect(code).toBe(0)
  expect((await host.calls()).toSorted()).toEqual([
    'guest cmd 100 ping',
    'pending 100',
    'status 100 --verbose',
  ])
  expect(await exists(canary)).toBe(false)
})

describe('the scripts themselves', () => {
  const files = [
    ...scripts.map((name) => join(import.meta.dirname, 'host', name)),
    join(import.meta.dirname, '../demo/qm'),
  ]

  it.each(files)('%s can be run and never evaluates text', async (file) => {
    await access(file, 1)
    expect(await readFile(file, 'utf8')).not.toMatch(/eval/)
  })

  it.skipIf(!isThere('shellcheck'))(
    'pass shellcheck',
    async () => {
      const { code, stdout } = await run(['shellcheck', '-s', 'sh', ...files], {
        PATH: process.env.PATH ?? '',
      })
      expect(stdout).toBe('')
      expect(code).toBe(0)
    },
    120_000,
  )
})
