import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fleetHostAnswer, toldErrors, toldNames, toldSessions } from '../fakes/fleetHostAnswer.ts'
import { installSmi } from '../fakes/fleetHostGpu.ts'
import { fakeServer, startTmux } from '../fakes/fleetHostTmux.ts'
import { fleetRoot, quote, whyNoFleetRoot, type FleetRoot } from '../fakes/fleetRoot.ts'

// What users of a host could do to the probe that root runs there: bob does it, and ann is there beside him.
const reason = whyNoFleetRoot()

let host: FleetRoot
let bob: number
beforeAll(async () => {
  if (reason !== undefined) return
  host = await fleetRoot('gpu1', { address: '127.0.87.1' })
  await host.installProbe()
  await host.addUser('ann')
  bob = await host.addUser('bob')
})
beforeEach(async ({ skip }) => {
  skip(reason !== undefined, reason)
  await host.root.ask(
    'pkill -9 -u ann,bob; tmux kill-server 2>/dev/null; while pgrep -u ann,bob; do sleep 0.1; done; rm -rf /tmp/* /home/bob/* /run/breakglass-probe /usr/local/bin/*',
  )
  await startTmux(host, 'ann', ['mine'])
})
afterAll(() => host?.stop())

const collect = async () => fleetHostAnswer(await host.ask('collect'))
/** Of processes of root's that are the probe's. */
const leftovers = () =>
  host.root.ask(
    'pgrep -u root -f "[b]reakglass-probe|[t]mux -u -S" || true; pgrep -u root -x "awk|mawk|head" || true',
  )
/** Writes of each client who it is: `UID GID GROUPS NEW PRIVILEGES`, and hangs up. */
const whoAsks = (file: string) => `
  while (my $client = $server->accept) {
    my ($pid) = unpack('i', getsockopt($client, SOL_SOCKET, 17));
    open(my $status, '<', "/proc/$pid/status"); my %told = map { /^(\\w+):\\s*(.*?)\\s*$/ ? ($1, $2) : () } <$status>;
    open(my $log, '>>', '${file}');
    print $log join('|', map { my $x = $told{$_}; $x =~ s/\\s+/ /g; $x } qw(Uid Gid Groups NoNewPrivs)), "\\n";
    close $log; close $client
  }`
const asked = (file: string) => (host.root.read(file) ?? '').split('\n').filter((line) => line !== '')

describe('what becomes the client of a server', () => {
  it('has that user’s rights and no others, whatever the group of the folder', async () => {
    await fakeServer(host, 'bob', `/tmp/tmux-${bob}/default`, whoAsks('/tmp/asked'))
    await host.root.ask(`chgrp adm /tmp/tmux-${bob}; chmod 2700 /tmp/tmux-${bob}`)
    await host.root.ask('usermod -aG adm bob')
    expect(toldNames(await collect())).toEqual(['ann: mine'])
    expect(asked('/tmp/asked')).toEqual([
      `${[bob, bob, bob, bob].join(' ')}|${[bob, bob, bob, bob].join(' ')}||1`,
    ])
  })

  it('never is root for a socket that is not root’s, while a folder on the way there is exchanged', async () => {
    await host.root.ask('tmux new -d -s roots')
    // The socket has the path of a folder of root's through a link, which now leads there and now to bob's own.
    await host.askAs(
      'bob',
      'mkdir -p -m 755 /tmp/tmux-x/real /tmp/tmux-x/real/tmux-0; ln -s real /tmp/tmux-x/y',
    )
    await fakeServer(host, 'bob', '/tmp/tmux-x/y/tmux-0/default', whoAsks('/tmp/asked'))
    await host.askAs(
      'bob',
      `perl -e ${quote(
        'for (;;) { for (qw(/tmp real)) { symlink $_, "/tmp/tmux-x/z"; rename "/tmp/tmux-x/z", "/tmp/tmux-x/y"; select undef, undef, undef, 0.001 } }',
      )} >/dev/null 2>&1 </dev/null &`,
    )
    for (let n = 0; n < 15; n += 1) {
      const answer = await collect()
      expect(toldNames(answer).toSorted()).toEqual(['ann: mine', 'root: roots'])
      expect(toldErrors(answer)).toEqual([
        expect.stringMatching(/^root .*of root only what is in \/tmp\/tmux-0/),
      ])
    }
    expect(asked('/tmp/asked')).toEqual([])
  })

  it('goes into no folder that is reached by a link of somebody else’s', async () => {
    const uid = await host.root.ask('id -u ann')
    await host.askAs('bob', `mkdir -p /tmp/tmux-x/tmux-${uid}`)
    await fakeServer(host, 'bob', `/tmp/tmux-x/tmux-${uid}/default`, whoAsks('/tmp/asked'))
    await host.askAs(
      'bob',
      `mv /tmp/tmux-x/tmux-${uid} /tmp/tmux-x/was; ln -s /tmp/tmux-${uid} /tmp/tmux-x/tmux-${uid}`,
    )
    const answer = await collect()
    expect(toldNames(answer)).toEqual(['ann: mine'])
    expect(toldErrors(answer)).toEqual([expect.stringMatching(/^ann .*its folder is reached by a link$/)])
    expect(asked('/tmp/asked')).toEqual([])
  })
})

describe('nobody makes what others have vanish', () => {
  it('by hundreds of folders, links and sockets', async () => {
    await host.askAs(
      'bob',
      `mkdir /tmp/x; cd /tmp/x; for n in $(seq 1 600); do mkdir /tmp/tmux-$((90000 + n)) /tmp/x/tmux-$((80000 + n)); done; mkdir -m 700 /tmp/x/tmux-${bob}`,
    )
    const listen = `use IO::Socket::UNIX; for (1 .. 250) { for my $at ("/tmp/x/tmux-" . (80000 + $_) . "/s", "/tmp/x/tmux-${bob}/s$_") { push @all, IO::Socket::UNIX->new(Local => $at, Listen => 5) } } sleep 1000`
    await host.askAs('bob', `perl -e ${quote(listen)} >/dev/null 2>&1 </dev/null &`)
    await host.root.ask(`until [ -S /tmp/x/tmux-${bob}/s250 ]; do sleep 0.1; done`)
    const answer = await collect()
    expect(toldNames(answer)).toEqual(['ann: mine'])
    expect(answer.get('tmux')?.code).toBe(1)
    expect(toldErrors(answer)).toContainEqual(
      expect.stringMatching(/^bob \/tmp\/tmux-\d+\tthere are 250 sockets of that user: 30 are asked$/),
    )
  })

  it('by names that look like those of what hangs', async () => {
    await host.askAs('bob', `mkdir -m 700 /tmp/tmux-${bob}`)
    const stuck = await host.root.ask('sleep 1000 >/dev/null 2>&1 & echo $!')
    const start = await host.root.ask(`sed 's/.*) //' /proc/${stuck}/stat | cut -d ' ' -f 20`)
    const notes = ['x disks', `x tmux ${bob} /tmp`, 'tmux 1 /disks'].map(
      (label) => `${stuck} ${start} 1 ${label}`,
    )
    host.root.write('/run/breakglass-probe/999999-0/server1.pid', notes.join('\n'))
    await host.root.ask('chmod 700 /run/breakglass-probe')
    const answer = await collect()
    for (const [name, { code }] of answer) expect([name, code]).toEqual([name, 0])
    // What hangs is ended, as far as it can be.
    expect(
      await host.root.ask(
        `[ -d /proc/${stuck} ] && grep -q "^State:.[^ZX]" /proc/${stuck}/status && echo lives || true`,
      ),
    ).toBe('')
  })

  it('by names of sessions that fill the answer', async () => {
    await host.askAs(
      'bob',
      `for n in $(seq 1 8); do for m in $(seq 1 60); do echo "new -d -s $n-$m-$(head -c 190 /dev/zero | tr '\\0' x) 'sleep 1000'"; done >~/many; tmux -L s$n -f ~/many new -d -s base 'sleep 1000'; done`,
    )
    const answer = await collect()
    expect(toldNames(answer)).toContain('ann: mine')
    const errors = toldErrors(answer)
    if (toldNames(answer).length < 481) {
      expect(errors).toEqual([expect.stringMatching(/^bob .*more than \d+ bytes: the rest is left out$/)])
      expect(answer.get('tmux')?.code).toBe(1)
    }
  })

  it('by saying to be the server of somebody else', async () => {
    const [one] = toldSessions(await collect())
    await host.askAs('bob', 'tmux new -d -s mine')
    await host.askAs(
      'bob',
      `tmux set -s command-alias[100] 'list-sessions=display -p "S:$0:1:1:1:0:1:${one?.server}:3.3a:fake" ; send-keys -t mine -l'`,
    )
    const answer = await collect()
    expect(toldNames(answer)).toEqual(['ann: mine'])
    expect(toldErrors(answer)).toEqual([
      expect.stringMatching(/^bob .*it says that it is process \d+, which is none of that user$/),
    ])
  })
})

describe('nothing is left behind', () => {
  it('of a server that is stopped', async () => {
    await startTmux(host, 'bob', ['work'])
    await host.root.ask('pkill -STOP -u bob tmux')
    for (let n = 0; n < 2; n += 1)
      expect(toldErrors(await collect())).toEqual([expect.stringMatching(/it does not answer \(4 s\)$/)])
    expect(await leftovers()).toBe('')
    await host.root.ask('pkill -CONT -u bob tmux')
    expect(toldNames(await collect()).toSorted()).toEqual(['ann: mine', 'bob: work'])
    expect(await host.root.ask('ls -A /run/breakglass-probe')).toBe('')
  })

  it('of a flood without an end of line', async () => {
    await host.askAs('bob', 'tmux new -d -s work')
    await host.askAs(
      'bob',
      `tmux set -s command-alias[100] 'list-sessions=run-shell "head -c 20000000 /dev/zero | tr \\\\\\\\0 x"'`,
    )
    const answer = await collect()
    expect(toldNames(answer)).toEqual(['ann: mine'])
    expect(await leftovers()).toBe('')
  })

  it('of a client whose name has an end of line in it', async () => {
    host.root.write(
      '/usr/local/bin/nvidia-smi',
      `#!/usr/bin/perl\nopen(my $comm, '>', '/proc/self/comm'); print $comm "a) S 1\\nb"; close $comm; sleep 1000;\n`,
      0o755,
    )
    expect((await collect()).get('gpu')?.code).toBe(124)
    expect(await host.root.ask('grep -ls "^b" /proc/[0-9]*/comm || true')).toBe('')
    expect(await host.root.ask('ls -A /run/breakglass-probe')).toBe('')
  })
})

it('six thousand processes in a tmux session are no trouble', async () => {
  await host.askAs(
    'ann',
    `tmux new -d -s many 'perl -e "for (1 .. 3000) { fork or do { sleep 1000; exit } } sleep 1000"'`,
  )
  await host.root.ask('until [ "$(pgrep -c -u ann perl)" -gt 3000 ]; do sleep 0.2; done')
  const answer = await collect()
  expect(toldNames(answer).toSorted()).toEqual(['ann: many', 'ann: mine'])
  expect(answer.get('procs')?.lines.length).toBeGreaterThan(2000)
})

it('every GPU process is told, and that command lines are not', async () => {
  await host.askAs('bob', 'for n in $(seq 1 80); do sleep 1000 >/dev/null 2>&1 </dev/null & done')
  const pids = (await host.root.ask('pgrep -u bob -x sleep')).split('\n')
  installSmi(host, `[ -z "$apps" ] || for pid in ${pids.join(' ')}; do echo "GPU-a, $pid, sleep, 1"; done`)
  const procs = (await collect()).get('procs')
  expect(procs?.lines.filter((line) => line.startsWith('proc ')).length).toBeGreaterThanOrEqual(pids.length)
  expect(procs).toMatchObject({ code: 1 })
  expect(procs?.lines.at(-1)).toBe('error 16 processes that hold GPUs are told without their command lines')
})

it('a third who asks meanwhile is refused', async () => {
  installSmi(host, 'exec sleep 600')
  const runs = await Promise.all([1, 2, 3, 4].map(() => host.ask('collect')))
  expect(runs.map(({ code }) => code).toSorted()).toEqual([0, 0, 75, 75])
  expect(await leftovers()).toBe('')
})

it('a kill that is not told which one has an end', async () => {
  const { code, stderr } = await host.root.run(
    'sleep 8 2>/dev/null | env -i /usr/local/lib/breakglass/breakglass-probe kill; exit',
  )
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('three numbers') })
})
