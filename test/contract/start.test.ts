import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/** Stands in for npm: installs the Node that runs the tests, and writes a line each time. */
const fakeNpm = `
import { appendFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
appendFileSync('npm.log', process.argv.slice(2).join(' ') + '\\n')
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules/.bin', { recursive: true })
if (process.env.NPM_HANGS) await setTimeout(600_000)
await setTimeout(300)
if (process.env.NPM_FAILS) process.exit(1)
symlinkSync(process.env.NODE_TO_INSTALL, 'node_modules/.bin/node')
`

let root: string
const children = new Set<ChildProcess>()

beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'breakglass start ')), 'a tree')
  mkdirSync(join(root, 'app'), { recursive: true })
  cpSync('start.mjs', join(root, 'start.mjs'))
  writeFileSync(join(root, 'npm-cli.js'), fakeNpm)
  writeFileSync(join(root, 'package.json'), '{"type": "module"}')
  writeFileSync(join(root, 'package-lock.json'), '{"packages": {}}')
  writeFileSync(
    join(root, 'app/cli.ts'),
    'const args: string[] = process.argv.slice(2)\nconsole.log(args.join(","))\n',
  )
})

afterEach(async () => {
  for (const child of children) {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL')
      await once(child, 'exit')
    }
  }
  children.clear()
  rmSync(join(root, '..'), { recursive: true })
})

function begin(args: string[], env: Record<string, string> = {}, node: string[] = []): ChildProcess {
  const child = spawn(process.execPath, [...node, 'start.mjs', ...args], {
    cwd: root,
    env: {
      ...process.env,
      npm_execpath: join(root, 'npm-cli.js'),
      NODE_TO_INSTALL: process.execPath,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  children.add(child)
  return child
}

async function endOf(child: ChildProcess) {
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'exit'),
  ])
  return { stdout, stderr, code: code as number | null }
}

const installs = () => readFileSync(join(root, 'npm.log'), 'utf8').split('\n').length - 1

describe('installing', () => {
  it('happens once, and its words stay away from stdout', async () => {
    const first = await endOf(begin(['cli', 'token', 'create']))
    expect(first).toMatchObject({ stdout: 'token,create\n', code: 0 })
    expect(first.stderr).toContain('Installing')
    expect(await endOf(begin(['cli', 'again']))).toMatchObject({ stdout: 'again\n', stderr: '', code: 0 })
    expect(installs()).toBe(1)
  })

  it('happens again when the lockfile has changed', async () => {
    await endOf(begin(['cli']))
    writeFileSync(join(root, 'package-lock.json'), '{"packages": {"node_modules/x": {"version": "1.0.0"}}}')
    await endOf(begin(['cli']))
    expect(installs()).toBe(2)
  })

  it('is left out after an `npm ci` by hand', async () => {
    await endOf(begin(['cli']))
    rmSync(join(root, 'node_modules/.breakglass-install'))
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{"packages": {}}')
    expect(await endOf(begin(['cli']))).toMatchObject({ stderr: '', code: 0 })
    expect(installs()).toBe(1)
  })

  it('happens once for two that start together', async () => {
    const ends = await Promise.all([endOf(begin(['cli', 'a'])), endOf(begin(['cli', 'b']))])
    expect(ends.map(({ stdout }) => stdout)).toEqual(['a\n', 'b\n'])
    expect(installs()).toBe(1)
  })

  it('is done again after it was killed', async () => {
    const child = begin(['cli'], { NPM_HANGS: '1' })
    await vi.waitUntil(() => existsSync(join(root, 'node_modules/.bin')), { timeout: 20_000 })
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await once(child, 'exit')
    const longAgo = new Date(Date.now() - 60_000)
    utimesSync(join(root, '.start.lock'), longAgo, longAgo)
    expect(await endOf(begin(['cli', 'up']))).toMatchObject({ stdout: 'up\n', code: 0 })
  })

  it('ends on SIGTERM and leaves nothing locked', async () => {
    const child = begin(['cli'], { NPM_HANGS: '1' })
    const end = endOf(child)
    await vi.waitUntil(() => existsSync(join(root, 'node_modules/.bin')), { timeout: 20_000 })
    child.kill('SIGTERM')
    expect(await end).toMatchObject({ code: 143 })
    expect(existsSync(join(root, '.start.lock'))).toBe(false)
  })

  it('says so when it fails', async () => {
    const end = await endOf(begin(['cli'], { NPM_FAILS: '1' }))
    expect(end).toMatchObject({ stdout: '', code: 1 })
    expect(end.stderr).toContain('could not be installed')
  })
})

describe('starting', () => {
  const pretend = (version: string) => [
    '--import',
    `data:text/javascript,Object.defineProperty(process.versions, 'node', {value: '${version}'})`,
  ]

  it('tells an old Node which one it needs', async () => {
    const end = await endOf(begin(['cli'], {}, pretend('18.19.1')))
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr).toMatch(/^Breakglass needs Node 20 or later; this is v[\d.]+\.\n$/)
  })

  it('falls back to the own Node of the system where none came along', async () => {
    const none = { NODE_TO_INSTALL: '/bin/false' }
    expect(await endOf(begin(['cli', 'up'], none))).toMatchObject({ stdout: 'up\n', code: 0 })
    const old = await endOf(begin(['cli', 'up'], none, pretend('20.1.0')))
    expect(old).toMatchObject({ stdout: '', code: 1 })
    expect(old.stderr).toContain('install Node 24 or later')
  })

  it('passes on the exit code and SIGTERM', async () => {
    writeFileSync(
      join(root, 'app/cli.ts'),
      `process.on('SIGTERM', () => process.exit(7))\nsetTimeout(() => {}, 600_000)\nconsole.log('up')\n`,
    )
    const child = begin(['cli'])
    child.stdout?.once('data', () => child.kill('SIGTERM'))
    expect(await endOf(child)).toMatchObject({ stdout: 'up\n', code: 7 })
  })

  it('names its modes when asked for another', async () => {
    const end = await endOf(begin(['nonsense']))
    expect(end).toMatchObject({ code: 1, stderr: expect.stringContaining('dev:server') as string })
  })
})
