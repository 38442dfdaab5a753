import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fleetHostAnswer, toldSessions, type ToldSession } from '../fakes/fleetHostAnswer.ts'
import { installSmi } from '../fakes/fleetHostGpu.ts'
import { fakeServer, startTmux, tmuxNames } from '../fakes/fleetHostTmux.ts'
import { fleetRoot, whyNoFleetRoot, type FleetRoot } from '../fakes/fleetRoot.ts'

const reason = whyNoFleetRoot()

let host: FleetRoot
beforeAll(async () => {
  if (reason !== undefined) return
  host = await fleetRoot('gpu1', { address: '127.0.84.1' })
  await host.installProbe()
  await host.addUser('ann')
  await host.addUser('bob')
})
beforeEach(async ({ skip }) => {
  skip(reason !== undefined, reason)
  await host.root.ask(
    'pkill -9 -u ann,bob; while pgrep -u ann,bob; do sleep 0.1; done; rm -rf /tmp/tmux-* /usr/local/bin/*',
  )
})
afterAll(() => host?.stop())

const seen = async (name: string): Promise<ToldSession> =>
  toldSessions(fleetHostAnswer(await host.ask('collect'))).find((one) => one.name === name) ??
  expect.unreachable(`there is no ${name}`)
const digits = ({ n, created, server }: ToldSession) => `${n} ${created} ${server}\n`
const kill = async (input: string) => {
  const { code, stdout, stderr } = await host.ask('kill', { input })
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^breakglass-probe 1 [0-9a-f]{16}$/)
  expect(lines.slice(-2)).toEqual([`${lines[0]?.split(' ')[2]} done`, ''])
  return { code, lines: lines.slice(1, -2), stderr }
}
const killed = { code: 0, lines: ['kill killed'], stderr: '' }
const gone = { code: 3, lines: ['kill gone'], stderr: '' }

describe('kill', () => {
  it('of chat leaves chatty', async () => {
    await startTmux(host, 'ann', ['chatty', 'chat'])
    expect(await kill(digits(await seen('chat')))).toEqual(killed)
    expect(await tmuxNames(host, 'ann')).toEqual(['chatty'])
  })

  it('leaves chatty when chat has gone by itself', async () => {
    await startTmux(host, 'ann', ['chatty', 'chat'])
    const chat = await seen('chat')
    await host.askAs('ann', "tmux kill-session -t '=chat'")
    expect(await kill(digits(chat))).toEqual(gone)
    expect(await tmuxNames(host, 'ann')).toEqual(['chatty'])
  })

  it('takes any name', async () => {
    const names = ['a b', '-t', "it's", '$HOME', '#{pid}', '{last}', '🦊', 'a;b', '\\', '=x', '@0', '*']
    await startTmux(host, 'ann', [...names, 'stays'])
    const told = toldSessions(fleetHostAnswer(await host.ask('collect'))).filter(
      ({ name }) => name !== 'stays',
    )
    expect(told).toHaveLength(names.length)
    for (const one of told) expect(await kill(digits(one))).toEqual(killed)
    expect(await tmuxNames(host, 'ann')).toEqual(['stays'])
  })

  it('ends the last one, and with it the server', async () => {
    await startTmux(host, 'ann', ['only'])
    expect(await kill(digits(await seen('only')))).toEqual(killed)
    expect(await host.root.ask('pgrep -u ann || true')).toBe('')
  })

  it('acts on the server whose pid it was given, among several', async () => {
    await startTmux(host, 'ann', ['same'])
    await startTmux(host, 'bob', ['same'])
    await host.askAs('bob', 'tmux -L other new -d -s same')
    const all = toldSessions(fleetHostAnswer(await host.ask('collect')))
    const other = all.find(({ isDefault }) => !isDefault) ?? expect.unreachable()
    expect(await kill(digits(other))).toEqual(killed)
    expect(await tmuxNames(host, 'ann')).toEqual(['same'])
    expect(await tmuxNames(host, 'bob')).toEqual(['same'])
    expect((await host.as('bob', 'tmux -L other ls')).code).toBe(1)
  })

  it('leaves one that was made anew under the same name, and under the same id of a new server', async () => {
    await startTmux(host, 'ann', ['work', 'other'])
    const before = await seen('work')
    await host.askAs('ann', "tmux kill-session -t '=work'; tmux new -d -s work")
    expect(await kill(digits(before))).toEqual(gone)
    expect(await tmuxNames(host, 'ann')).toContain('work')
    await host.askAs('ann', 'tmux kill-server')
    await startTmux(host, 'ann', ['work'])
    const after = await seen('work')
    expect(after.n).toBe(before.n)
    expect(await kill(digits(before))).toEqual(gone)
    // The right server and id, and another time.
    expect(await kill(digits({ ...after, created: after.created - 1 }))).toEqual({
      code: 4,
      lines: ['kill changed'],
      stderr: '',
    })
    expect(await tmuxNames(host, 'ann')).toEqual(['work'])
  })

  it('tells what outlived it, and the GPU memory that it holds', async () => {
    await startTmux(host, 'ann', ['work'])
    const mean = "trap '' HUP TERM; exec sleep 1001"
    await host.askAs(
      'ann',
      `tmux send-keys -t work "nohup sleep 1002 >/dev/null & setsid sleep 1003 & sh -c \\"${mean}\\" &" Enter`,
    )
    await host.root.ask('until [ "$(pgrep -x -u ann sleep | wc -l)" -eq 3 ]; do sleep 0.1; done')
    const one = await seen('work')
    const pids = (await host.root.ask('pgrep -x -u ann sleep')).split('\n')
    installSmi(
      host,
      `[ -z "$apps" ] || printf 'GPU-a, ${pids[0]}, sleep, 500\\nGPU-b, ${pids[0]}, sleep, 12\\nGPU-a, 1, init, 7\\n'`,
    )
    const { code, lines } = await kill(digits(one))
    expect(code).toBe(0)
    expect(lines[0]).toBe('kill killed')
    expect(lines.slice(1).toSorted()).toEqual(
      pids.map((pid, n) => `survivor ${pid} ${n === 0 ? 512 : '-'} sleep`).toSorted(),
    )
  })

  it('says that the server does not answer, and goes on to live', async () => {
    const uid = await host.root.ask('id -u bob')
    await fakeServer(
      host,
      'bob',
      `/tmp/tmux-${uid}/default`,
      'my @kept; while (my $client = $server->accept) { push @kept, $client }',
    )
    const pid = await host.root.ask('pgrep -u bob perl')
    const { code, lines } = await kill(`0 1700000000 ${pid}\n`)
    expect(code).toBe(1)
    expect(lines).toEqual(['kill failed it does not answer (4 s)'])
  })

  it('does not believe another user’s server that takes the pid for its own', async () => {
    await startTmux(host, 'ann', ['work'])
    const one = await seen('work')
    await host.askAs('ann', 'tmux kill-server')
    await host.root.ask(`while [ -d /proc/${one.server} ]; do sleep 0.1; done`)
    await startTmux(host, 'bob', ['work'])
    // Ann's server has ended; a number that is nobody's, or another user's, is none of hers.
    expect(await kill(digits(one))).toEqual(gone)
    expect(await kill(digits({ ...one, server: 1 }))).toEqual(gone)
    expect(await tmuxNames(host, 'bob')).toEqual(['work'])
  })

  it('refuses all but a line of three numbers', async () => {
    await startTmux(host, 'ann', ['stays'])
    const inputs = [
      '',
      '\n',
      ' ',
      'x',
      '0',
      '0 1',
      '0 1 2 3',
      '0  1 2',
      ' 0 1 2',
      '0 1 2 ',
      '0\t1\t2',
      '-1 1 2',
      '+0 1 2',
      '0 1 2\n0 1 2',
      '0 1 2\nid',
      '\n0 1 2',
      '0 1 2\r',
      '0 1 2; id',
      '$(id) 1 2',
      '`id` 1 2',
      '0 1 $PPID',
      '$0 1 2',
      '* * *',
      '0x1 1 2',
      '1e1 1 2',
      '0 1 2.0',
      '٠ ١ ٢',
      '0 1 1234567890123',
      '0 1234567890123 1',
      '1234567890123 0 1',
      '0 1 2\0',
      '0\0 1 2',
      '0 1 2'.padEnd(70_000, '0'),
      'x'.repeat(70_000),
    ]
    for (const input of inputs) {
      const { code, stdout, stderr } = await host.probe('kill', input)
      expect({ input, code, stdout }).toEqual({ input, code: 2, stdout: '' })
      expect(stderr).toContain('kill reads a line of three numbers')
    }
    expect((await host.ask('kill', { input: '0 1 2; id' })).code).toBe(2)
    expect(await tmuxNames(host, 'ann')).toEqual(['stays'])
  })
})
