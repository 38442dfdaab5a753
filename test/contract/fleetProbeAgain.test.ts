import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fleetHostAnswer, toldNames, toldSessions } from '../fakes/fleetHostAnswer.ts'
import { startTmux } from '../fakes/fleetHostTmux.ts'
import {
  fleetAccount,
  fleetHostFolder,
  fleetRoot,
  probePath,
  sshOptions,
  whyNoFleetRoot,
} from '../fakes/fleetRoot.ts'
import type { FleetRoot } from '../fakes/fleetRoot.ts'

const reason = whyNoFleetRoot()
const probe = readFileSync(join(fleetHostFolder, 'breakglass-probe'), 'utf8')

let host: FleetRoot
let keyFile: string
const asked: ChildProcess[] = []
beforeAll(async () => {
  if (reason !== undefined) return
  host = await fleetRoot('gpu1', { address: '127.0.86.1' })
  keyFile = await host.installProbe()
  await host.addUser('ann')
  await startTmux(host, 'ann', ['kept', 'chat'])
})
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterEach(async () => {
  for (const one of asked.splice(0)) one.kill('SIGKILL')
  await nothingRuns()
  host.root.write(probePath, probe, 0o755)
})
afterAll(() => host?.stop())

/** `collect` over SSH with the service's key, left open; each answer as it comes. */
function open() {
  const child = spawn(
    'ssh',
    [...sshOptions(host.root, keyFile), `${fleetAccount}@${host.address}`, 'collect'],
    { stdio: 'pipe' },
  )
  asked.push(child)
  const ended = once(child, 'close').then(([code]) => code as number | null) // as node:child_process has it
  let text = ''
  child.stdout.setEncoding('latin1').on('data', (piece: string) => (text += piece))
  const answers = () => text.split(/(?<=^[0-9a-f]{16} done\n)/m)
  return {
    ended,
    answers,
    kill: () => child.kill('SIGKILL'),
    say: (words: string) => child.stdin.write(words),
    end: () => child.stdin.end(),
    pause: () => child.stdout.pause(),
    /** The answer of that number, when it has come. */
    async answer(n: number) {
      await expect.poll(() => answers()[n - 1] ?? '', { timeout: 25_000 }).toMatch(/^[0-9a-f]{16} done\n$/m)
      return { stdout: answers()[n - 1] ?? '', stderr: '', code: 0 }
    },
  }
}
const running = async (): Promise<string[]> => {
  const { stdout } = await host.root.run("pgrep -af '[b]reakglass-probe|[d]d bs=1' || true")
  return stdout.split('\n').filter((line) => line !== '' && !line.includes('pgrep'))
}
/** The folders of answers that are being made. */
const inWork = async () => (await host.root.ask('ls -A /run/breakglass-probe')).split('\n').filter(Boolean)
const nothingRuns = () => expect.poll(running, { timeout: 25_000 }).toEqual([])
const nonceOf = (text: string) => text.split('\n')[0]

describe('an open collect', () => {
  it('answers at once, and then once for each line, as often as it is asked', async () => {
    const { answers, answer, say, end, ended } = open()
    const names = async (n: number) => toldNames(fleetHostAnswer(await answer(n))).toSorted()
    expect(await names(1)).toEqual(['ann: chat', 'ann: kept'])
    await host.askAs('ann', 'tmux new -d -s new')
    say('\n')
    expect(await names(2)).toEqual(['ann: chat', 'ann: kept', 'ann: new'])
    await host.askAs('ann', "tmux kill-session -t '=new'")
    say('$(touch /x); `touch /x`\n')
    expect(await names(3)).toEqual(['ann: chat', 'ann: kept'])
    say('\n\n')
    await answer(5)
    end()
    expect(await ended).toBe(0)
    expect(answers().filter((text) => text !== '')).toHaveLength(5)
    expect(new Set(answers().map(nonceOf)).size).toBe(5)
    expect(host.root.read('/x')).toBeNull()
    await nothingRuns()
    expect(await inWork()).toEqual([])
  })

  it('leaves nothing in its folder while it waits', async () => {
    const { answer } = open()
    await answer(1)
    await expect.poll(inWork).toEqual([])
  })

  it('lets a kill go on beside it, and tells it in the next answer', async () => {
    const { answer, say } = open()
    const chat = toldSessions(fleetHostAnswer(await answer(1))).find(({ name }) => name === 'chat')
    const input = `${chat?.n} ${chat?.created} ${chat?.server}\n`
    expect((await host.ask('kill', { input })).stdout).toContain('\nkill killed\n')
    say('\n')
    expect(toldNames(fleetHostAnswer(await answer(2)))).toEqual(['ann: kept'])
  })

  it('ends with its connection, while it waits and while it answers', async () => {
    const waiting = open()
    await waiting.answer(1)
    expect(await running()).not.toEqual([])
    waiting.kill()
    await nothingRuns()
    const answering = open()
    await answering.answer(1)
    answering.say('\n'.repeat(1000))
    await expect.poll(async () => (await inWork()).length, { timeout: 25_000 }).toBeGreaterThan(0)
    answering.kill()
    await nothingRuns()
  })

  it('that is asked a thousand times at once answers one at a time, and not at all when nobody reads', async () => {
    const { answer, say, pause, kill } = open()
    await answer(1)
    say('\n'.repeat(1000))
    for (const n of [2, 3, 4]) {
      await answer(n)
      expect((await inWork()).length).toBeLessThan(2)
    }
    pause()
    kill()
    await nothingRuns()
  })

  it('ends by itself when it is not asked for long', async () => {
    expect(probe).toMatch(/^patience=300$/m)
    host.root.write(probePath, probe.replace(/^patience=300$/m, 'patience=2'), 0o755)
    const { answer, answers, say, ended } = open()
    await answer(1)
    say('\n')
    await answer(2)
    expect(await ended).toBe(0)
    expect(answers().filter((text) => text !== '')).toHaveLength(2)
  })

  it('answers once where nothing would end it', async () => {
    host.root.write(probePath, probe.replaceAll('timeout', 'no-such-program'), 0o755)
    const { answer, ended } = open()
    await answer(1)
    expect(await ended).toBe(0)
  })

  it('ends with the code of an answer that could not be made', async () => {
    const { answer, say, ended } = open()
    await answer(1)
    host.root.write(probePath, '#!/bin/sh\nexit 70\n', 0o755)
    say('\n')
    expect(await ended).toBe(70)
  })
})

it.each([
  ['nothing', '<&-'],
  ['an empty file', '</dev/null'],
  ['a file', '</etc/passwd'],
])('with %s to read it answers once', async (_, redirection) => {
  const { stdout } = await host.root.run(`env -i ${probePath} collect ${redirection}`)
  expect(stdout.match(/^[0-9a-f]{16} done$/gm)).toHaveLength(1)
})
