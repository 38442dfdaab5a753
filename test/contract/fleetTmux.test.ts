import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fleetHostAnswer, toldErrors, toldNames, toldSessions } from '../fakes/fleetHostAnswer.ts'
import type { AnswerSection } from '../fakes/fleetHostAnswer.ts'
import { attachTmux, fakeServer, startTmux, tmuxNames } from '../fakes/fleetHostTmux.ts'
import { fleetRoots, whyNoFleetRoot, type FleetRoot } from '../fakes/fleetRoot.ts'

const reason = whyNoFleetRoot()

/** What is arranged on a host of its own, and what the probe has to tell of it. `host.addUser` has made ann and bob. */
interface Situation {
  name: string
  arrange(host: FleetRoot): Promise<unknown>
  expect(answer: Map<string, AnswerSection>, arranged: unknown, host: FleetRoot): void | Promise<void>
}

const silent = 'my @kept; while (my $client = $server->accept) { push @kept, $client }'
const uidOf = (host: FleetRoot, user: string) => host.root.ask(`id -u ${user}`)

/** Sessions of ann with these names; tmux's own word for them counts. */
const named = (name: string, names: string[]): Situation => ({
  name,
  arrange: (host) => startTmux(host, 'ann', names),
  expect(answer, arranged) {
    expect(arranged).toHaveLength(names.length)
    expect(toldNames(answer)).toEqual((arranged as string[]).map((one) => `ann: ${one}`))
    expect(toldErrors(answer)).toEqual([])
  },
})

/** Ann's own is read, whatever bob has. */
const besides = (
  name: string,
  arrange: (host: FleetRoot) => Promise<unknown>,
  errors: string[],
): Situation => ({
  name,
  async arrange(host) {
    await startTmux(host, 'ann', ['mine'])
    await arrange(host)
  },
  expect(answer) {
    expect(toldNames(answer)).toEqual(['ann: mine'])
    expect(answer.get('tmux')?.code).toBe(0)
    expect(toldErrors(answer)).toEqual(errors.map((error) => expect.stringMatching(error)))
  },
})

const situations: Situation[] = [
  named('names with spaces', ['two words', ' leading', 'trailing ', 'a  b']),
  named('names with what separates in a target', ['a:b.c', '=a', '@1', '%1', '+', '{last}']),
  named('names with what a shell would take', ['$HOME', '$(id)', '`id`', 'a;id', '*', '~', '&', '!1']),
  named('names with quotes and backslashes', [`it's`, 'say "hi"', '\\', 'a\\nb', `'"'"'`]),
  named('names that are not ASCII', ['🦊 fox', 'Zoë', '日本語', 'عربي']),
  named('names of 200 characters', ['x'.repeat(200), `${'é'.repeat(199)}!`]),
  named('names that begin with a dash', ['-', '-t', '--help']),
  named('names like lines of the protocol', [
    'server 0 root 1 3.3a 1 /tmp',
    'breakglass-probe 1 0123456789abcdef',
    '0123456789abcdef end tmux 0 0',
    '0123456789abcdef done',
    'S#{pid}',
    '#{session_id}',
    '#(id)',
  ]),
  {
    name: 'an attached client',
    async arrange(host) {
      await startTmux(host, 'ann', ['seen', 'unseen'])
      await attachTmux(host, 'ann', 'seen')
    },
    expect(answer) {
      const [seen, unseen] = toldSessions(answer)
      expect(seen).toMatchObject({ name: 'seen', clients: 1, lastAttached: expect.stringMatching(/^\d+$/) })
      expect(unseen).toMatchObject({ name: 'unseen', clients: 0, lastAttached: '-' })
    },
  },
  {
    name: 'windows, panes and their processes',
    async arrange(host) {
      await startTmux(host, 'ann', ['work'])
      await host.askAs('ann', `tmux new-window -t work 'sleep 987' \\; split-window -t work`)
      await host.root.ask('until pgrep -x sleep; do sleep 0.1; done')
    },
    expect(answer) {
      expect(toldSessions(answer)).toMatchObject([
        { windows: 2, panes: [expect.any(Number), expect.any(Number), expect.any(Number)] },
      ])
      const procs = answer.get('procs')?.lines ?? []
      expect(procs.filter((line) => line.endsWith(' sleep'))).toHaveLength(1)
      for (const line of procs) expect(line).toMatch(/^proc \d+ \d+ \d+ \d+ \d+ \d+ \d+ \S/)
      const told = procs.map((line) => Number(line.split(' ')[1]))
      for (const pane of toldSessions(answer)[0]?.panes ?? []) expect(told).toContain(pane)
    },
  },
  {
    name: 'several users, and servers beside the default one',
    async arrange(host) {
      await startTmux(host, 'ann', ['one', 'two'])
      await startTmux(host, 'bob', ['one'])
      await host.askAs('bob', `tmux -L 'other one' new -d -s three`)
      await host.root.ask('tmux -u new -d -s its')
    },
    expect(answer) {
      const told = toldSessions(answer).map(({ user, name, isDefault }) => [user, name, isDefault])
      expect(told.toSorted()).toEqual(
        [
          ['ann', 'one', true],
          ['ann', 'two', true],
          ['bob', 'one', true],
          ['bob', 'three', false],
          ['root', 'its', true],
        ].toSorted(),
      )
    },
  },
  {
    name: 'a server that was killed',
    async arrange(host) {
      await startTmux(host, 'ann', ['gone'])
      await host.root.ask('pkill -9 -u ann; while pgrep -u ann; do sleep 0.1; done')
    },
    expect: (answer) => expect(answer.get('tmux')).toMatchObject({ code: 0, lines: [] }),
  },
  {
    name: 'a server that stays without sessions',
    async arrange(host) {
      await startTmux(host, 'ann', ['last'])
      await host.askAs('ann', 'tmux set -s exit-empty off; tmux kill-session -t last')
      expect(await tmuxNames(host, 'ann')).toEqual([])
    },
    expect: (answer) => expect(answer.get('tmux')).toMatchObject({ code: 0, lines: [] }),
  },
  {
    name: 'no tmux at all',
    arrange: (host) => host.root.ask('mount --bind /dev/null /usr/bin/tmux'),
    expect: (answer) => expect(answer.get('tmux')).toMatchObject({ code: 0, lines: ['absent'] }),
  },
  {
    name: 'TMUX_TMPDIR',
    async arrange(host) {
      await host.askAs('ann', 'mkdir -p "deep er/place"')
      await startTmux(host, 'ann', ['elsewhere'], 'TMUX_TMPDIR="$HOME/deep er/place"')
      await host.askAs('bob', 'mkdir place')
      await startTmux(host, 'bob', ['too'], 'TMUX_TMPDIR=$HOME/place')
    },
    async expect(answer, _, host) {
      expect(toldNames(answer).toSorted()).toEqual(['ann: elsewhere', 'bob: too'])
      const uid = await uidOf(host, 'ann')
      expect(toldSessions(answer).find(({ user }) => user === 'ann')).toMatchObject({
        isDefault: false,
        socket: `/home/ann/deep er/place/tmux-${uid}/default`,
      })
    },
  },
  besides(
    'a socket that nobody listens on',
    async (host) =>
      fakeServer(host, 'bob', `/tmp/tmux-${await uidOf(host, 'bob')}/default`, 'close $server;'),
    [],
  ),
  besides(
    'a server that accepts and never answers',
    async (host) => fakeServer(host, 'bob', `/tmp/tmux-${await uidOf(host, 'bob')}/default`, silent),
    ['^bob /tmp/tmux-\\d+/default\tit does not answer \\(4 s\\)$'],
  ),
  besides(
    'ten servers that never answer',
    async (host) => {
      const uid = await uidOf(host, 'bob')
      for (let n = 0; n < 10; n += 1) await fakeServer(host, 'bob', `/tmp/tmux-${uid}/s${n}`, silent)
    },
    Array.from({ length: 10 }, () => 'it does not answer'),
  ),
  besides(
    'a server that floods its client, and hangs up',
    async (host) =>
      fakeServer(
        host,
        'bob',
        `/tmp/tmux-${await uidOf(host, 'bob')}/default`,
        'while (my $client = $server->accept) { print $client "S:\\$0:1:1:1:1:1:1:x:y\\n" x 100000; close $client }',
      ),
    [],
  ),
  besides(
    'a server in a folder that is a link',
    async (host) => {
      const uid = await uidOf(host, 'bob')
      await host.askAs('bob', `mkdir -m 700 ~/tmux; ln -s ~/tmux /tmp/tmux-${uid}`)
      await fakeServer(host, 'bob', `/tmp/tmux-${uid}/default`, silent)
    },
    ['^bob /tmp/tmux-\\d+/default\tits folder is reached by a link$'],
  ),
  besides(
    'a server in a folder of root’s name that is somebody else’s',
    async (host) => fakeServer(host, 'bob', '/tmp/tmux-0/default', silent),
    ['^root /tmp/tmux-0/default\tits folder belongs to user \\d+$'],
  ),
  besides(
    'a server in a folder that others may write to',
    async (host) => {
      const uid = await uidOf(host, 'bob')
      await fakeServer(host, 'bob', `/tmp/tmux-${uid}/default`, silent)
      await host.askAs('bob', `chmod 777 /tmp/tmux-${uid}`)
    },
    ['^bob /tmp/tmux-\\d+/default\tothers than its owner may write to its folder$'],
  ),
  besides(
    'a server whose socket nobody may open',
    async (host) => {
      const uid = await uidOf(host, 'bob')
      await fakeServer(host, 'bob', `/tmp/tmux-${uid}/default`, silent)
      await host.askAs('bob', `chmod 0 /tmp/tmux-${uid}/default`)
    },
    ['^bob /tmp/tmux-\\d+/default\terror connecting to ./default \\(Permission denied\\)$'],
  ),
  besides(
    'a socket that is a link to somebody else’s',
    async (host) =>
      host.askAs(
        'bob',
        `mkdir -m 700 /tmp/tmux-$(id -u); ln -s /tmp/tmux-${await uidOf(host, 'ann')}/default /tmp/tmux-$(id -u)/default`,
      ),
    [],
  ),
]

let hosts: FleetRoot[] = []
const answers = new Map<string, { answer: Map<string, AnswerSection>; arranged: unknown; host: FleetRoot }>()

describe('through one forced command per host', () => {
  beforeAll(async () => {
    if (reason !== undefined) return
    hosts = await fleetRoots(situations.length, 81)
    const arranged = await inTurn(hosts, async (host, n) => {
      await host.addUser('ann')
      await host.addUser('bob')
      await host.installProbe()
      return situations[n]?.arrange(host)
    })
    const told = await Promise.all(hosts.map((host) => host.ask('collect')))
    for (const [n, { name }] of situations.entries()) {
      const [host, run] = [hosts[n], told[n]]
      if (host && run) answers.set(name, { answer: fleetHostAnswer(run), arranged: arranged[n], host })
    }
  }, 180_000)
  beforeEach(({ skip }) => skip(reason !== undefined, reason))
  afterAll(() => Promise.all(hosts.map((host) => host.stop())))

  it('a fleet of at least twenty hosts is read at once', () => {
    expect(hosts.length).toBeGreaterThanOrEqual(20)
    expect(answers.size).toBe(situations.length)
  })

  it.each(situations.map((one) => [one.name, one] as const))('tells %s', async (name, situation) => {
    const { answer, arranged, host } = answers.get(name) ?? expect.unreachable()
    await situation.expect(answer, arranged, host)
  })

  it('leaves nothing behind on any host', async () => {
    for (const host of hosts) {
      expect(await host.root.ask('ls -A /run/breakglass-probe')).toBe('')
      expect(await host.root.ask("pgrep -f '[b]reakglass-probe|[t]mux -u -S' || true")).toBe('')
    }
  })
})

/** Some at once: each arranging runs many programs. */
async function inTurn<T, R>(list: T[], work: (one: T, n: number) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = [...list.entries()]
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1], next[0])
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return results
}
