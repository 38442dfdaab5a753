import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fleetHostAnswer, toldErrors, toldNames, toldSessions } from '../fakes/fleetHostAnswer.ts'
import { h200, installSmi } from '../fakes/fleetHostGpu.ts'
import { attachTmux, startTmux } from '../fakes/fleetHostTmux.ts'
import { fleetHostFolder, fleetRoot, whyNoFleetRoot, type FleetRoot } from '../fakes/fleetRoot.ts'

const reason = whyNoFleetRoot()
const probe = readFileSync(join(fleetHostFolder, 'breakglass-probe'), 'utf8')
/** What comes from elsewhere on a host whose tools are all busybox's. */
const foreign = ['tmux', 'su', 'getent']

let host: FleetRoot
beforeAll(async () => {
  if (reason !== undefined) return
  host = await fleetRoot('gpu1', { address: '127.0.85.1' })
  await host.root.ask(
    `mkdir -p /opt/busy && busybox --install -s /opt/busy && ln -sf /usr/bin/busybox /opt/busy/busybox && for one in ${foreign.join(' ')}; do ln -sf /usr/bin/$one /opt/busy/$one; done`,
  )
  const path = /^PATH=.*$/m
  expect(probe).toMatch(path)
  host.root.write('/opt/busy-probe', probe.replace(path, 'PATH=/opt/busy:/usr/local/bin'), 0o755)
  host.root.write('/opt/probe', probe, 0o755)
  for (const user of ['ann', 'bob']) await host.addUser(user)
  await startTmux(host, 'ann', ['seen', 'a b: c.d', '🦊'])
  await startTmux(host, 'bob', ['two words'])
  await attachTmux(host, 'ann', 'seen')
  // Names of commands that read as if there were more, or another process.
  host.root.write(
    '/srv/odd',
    `#!/usr/bin/perl\n$0 = 'x'; open(my $comm, '>', '/proc/self/comm'); print $comm "a) R 1\\n9 (b"; close $comm; sleep 1000;\n`,
    0o755,
  )
  await host.askAs('ann', "tmux new-window -d -t seen 'exec /srv/odd'")
  await host.root.ask('until grep -qs "^9 (b" /proc/[0-9]*/comm; do sleep 0.1; done')
})
beforeEach(({ skip }) => skip(reason !== undefined, reason))
afterAll(() => host?.stop())

describe.each([
  ['dash', 'dash /opt/probe'],
  ['bash as sh', 'bash --posix /opt/probe'],
  ['busybox with nothing but its own tools', '/opt/busy/busybox ash /opt/busy-probe'],
])('under %s the probe', (_, shell) => {
  const run = async (verb: string, input = '') => {
    host.root.write('/run/probe-input', input)
    return host.root.run(`env -i ${shell} ${verb} </run/probe-input`)
  }

  const collect = async () => fleetHostAnswer(await run('collect'), 'utf8')

  it('tells the host, its memory and its disks', async () => {
    const answer = await collect()
    const told = (section: string) => answer.get(section)?.lines ?? []
    expect(told('host').map((line) => line.split(' ')[0])).toEqual(
      'hostname kernel os boot_id uptime clock clk_tck page_kb cpus load stat scope account'.split(' '),
    )
    for (const line of told('host')) expect(line).toMatch(/^[a-z_]+ \S/)
    const clock = Number(
      told('host')
        .find((line) => line.startsWith('clock'))
        ?.split(' ')[1],
    )
    expect(Math.abs(clock - Date.now() / 1000)).toBeLessThan(60)
    expect(told('memory').map((line) => line.split(':')[0])).toEqual([
      'MemTotal',
      'MemFree',
      'MemAvailable',
      'Buffers',
      'Cached',
      'SwapTotal',
      'SwapFree',
    ])
    expect(told('disks')[0]).toMatch(/^Filesystem +1024-blocks +Used +Available +Capacity +Mounted on$/)
    expect(told('disks').at(1)).toMatch(/ \/$/)
    for (const [name, { code }] of answer) expect([name, code]).toEqual([name, 0])
  })

  it('tells everyone’s tmux sessions and their processes', async () => {
    const answer = await collect()
    expect(toldErrors(answer)).toEqual([])
    expect(toldNames(answer).toSorted()).toEqual(
      ['ann: seen', 'ann: a b_ c_d', 'ann: 🦊', 'bob: two words'].toSorted(),
    )
    expect(toldSessions(answer).find(({ name }) => name === 'seen')).toMatchObject({ clients: 1, windows: 2 })
    const procs = answer.get('procs')?.lines ?? []
    const told = new Set(procs.map((line) => Number(line.split(' ')[1])))
    for (const { panes } of toldSessions(answer)) for (const pane of panes) expect(told).toContain(pane)
    expect(procs.filter((line) => line.includes('a) R 1'))).toEqual([
      expect.stringMatching(/^proc \d+ \d+ \d+ \d+ \d+ \d+ \d+ a\) R 1 ?9 \(b$/),
    ])
    expect(told).not.toContain(9)
  })

  it('tells GPUs', async () => {
    installSmi(host, `[ -n "$apps" ] || echo '${h200}'`)
    expect((await collect()).get('gpu')).toMatchObject({
      code: 0,
      lines: [expect.stringMatching(/^fields /), h200],
    })
    await host.root.ask('rm /usr/local/bin/nvidia-smi')
  })

  it('ends one tmux session, and no other', async () => {
    await host.askAs('bob', 'tmux new -d -s chat; tmux new -d -s chatty')
    const chat = toldSessions(await collect()).find(({ name }) => name === 'chat')
    const input = `${chat?.n} ${chat?.created} ${chat?.server}`
    expect(await run('kill', input)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('\nkill killed\n'),
    })
    expect(await run('kill', input)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('\nkill gone\n'),
    })
    expect(await host.askAs('bob', "tmux ls -F '#{session_name}'")).toBe('chatty\ntwo words')
    await host.askAs('bob', "tmux kill-session -t '=chatty'")
    expect((await run('kill', 'x')).code).toBe(2)
  })

  it('has an end when a GPU’s has none, and leaves nothing behind', async () => {
    installSmi(host, 'exec sleep 600')
    const answer = await collect()
    expect(answer.get('gpu')?.code).toBe(124)
    expect(answer.get('tmux')?.code).toBe(0)
    await host.root.ask('rm /usr/local/bin/nvidia-smi')
    expect(await host.root.ask('pgrep -x "sleep|nvidia-smi" -a | grep -v 1000 || true')).toBe('')
    expect(await host.root.ask('ls -A /run/breakglass-probe')).toBe('')
  })
})
