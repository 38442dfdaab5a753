import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { readHostAnswer, readHostStatus } from '#app/power/hostAnswer.ts'
import type { Outcome, Verb } from '#app/schema/api.ts'
import { vmList } from '../fakes/hostScript.ts'
import { timed } from '../fakes/timed.ts'
import {
  canMount,
  hangFile,
  inFullState,
  letStuckThreadGo,
  simulateStuckProcess,
} from '../fakes/pveFaults.ts'
import { PveHost, substitute } from '../fakes/pveHost.ts'

const op = '0123456789abcdef0123456789abcdef'

/** What one verb does under one fault. */
interface Cell {
  code: number
  reason?: string
  /** Part of the sentence; for `status` and `forensics`, of what they print. */
  says?: string | RegExp
  /** The calls that change something, in order. */
  acts?: string[]
}

interface Fault {
  name: string
  bring: (host: PveHost) => Promise<unknown>
  cells: Record<Verb, Cell>
}

const outcomes: Record<number, Outcome> = {
  0: 'done',
  70: 'failed',
  71: 'unknown',
  72: 'failed',
  73: 'unknown',
  76: 'refused',
  78: 'refused',
}

/** Seconds that a verb may take on the host with anything hanging, where no time of qm's own comes on top. */
const bounds: Record<Verb, number> = { status: 10, forensics: 15, reset: 12, stop: 20, start: 12, cycle: 20 }

const reset = 'qm reset 100'
const stop = 'qm stop 100'
const start = 'qm start 100'
const done = (...acts: string[]): Cell => ({ code: 0, acts })
const refused = (reason: string, says: Cell['says']): Cell => ({ code: 76, reason, ...(says && { says }) })
/** All four verbs that change something. */
const each = (cell: Cell) => ({ reset: cell, stop: cell, start: cell, cycle: cell })

const startIsStuck = (says: RegExp) => ({ start: refused('stuck', says), cycle: refused('stuck', says) })

const quiet = { code: 0 } satisfies Cell
const withoutQuorum: Fault['cells'] = {
  status: { code: 0, says: '"quorum":false' },
  forensics: { code: 0, says: 'the cluster has no quorum' },
  reset: done(reset),
  stop: done(stop),
  start: refused('no_quorum', 'the VM could not be started again'),
  cycle: refused('no_quorum', 'the VM could not be started again'),
}

const faults: Fault[] = [
  {
    name: 'nothing is wrong',
    bring: async () => {},
    cells: {
      status: { code: 0, says: /"state":"running".*"quorum":true.*"memory: 8192 → 16384".*"unread":\[\]/ },
      forensics: { code: 0, says: 'nothing is seen to be wrong' },
      reset: done(reset),
      stop: done(stop),
      start: { code: 70, says: 'VM 100 already running', acts: [start] },
      cycle: done(stop, start),
    },
  },
  {
    name: 'another process holds the file that qm locks',
    bring: async (host) => host.keepRunning('flock', [host.at('lock/lock-100.conf'), 'sleep', '600']),
    cells: {
      status: { code: 0, says: /"lock_holder":"process \d+ \(flock [^"]*sleep 600\)"/ },
      forensics: { code: 0, says: /== locks \(ok, [^)]*\)\nprocess \d+ \(flock/ },
      reset: { code: 70, says: /got timeout; the file is held by process \d+/, acts: [reset] },
      stop: { code: 70, says: /got timeout; the file is held by process \d+/, acts: [stop] },
      start: { code: 70, says: "can't lock file", acts: [start] },
      cycle: { code: 70, says: /held by process \d+ .*; not started/, acts: [stop] },
    },
  },
  {
    name: 'a backup has locked the VM',
    bring: (host) => host.fault('lock', 'backup'),
    cells: {
      status: { code: 0, says: '"locked":"backup"' },
      forensics: { code: 0, says: 'it is locked (backup)' },
      ...each(refused('locked', /VM is locked \(backup\).*qm unlock 100/)),
    },
  },
  ...['dead', 'silent'].map((kind): Fault => ({
    name: `the monitor of QEMU is ${kind}`,
    bring: (host) => host.fault(`qmp-${kind}`),
    cells: {
      status: { code: 0, says: /"qmp":"silent","wedged":true,"evidence":"process \d+ lives/ },
      forensics: { code: 0, says: 'the monitor of QEMU does not answer' },
      reset: { code: 70, says: /system_reset.*only a cycle gets it out/, acts: [reset] },
      stop: done(stop),
      start: { code: 70, says: 'already running', acts: [start] },
      cycle: done(stop, start),
    },
  })),
  {
    name: 'the cluster file system is dead',
    bring: async (host) => {
      await host.fault('pmxcfs-dead')
      for (const file of ['.vmlist', 'local']) await rm(host.at(`pve/${file}`))
    },
    cells: {
      status: { code: 70, says: /"state":"unknown".*the cluster file system is not there.*"quorum":null/ },
      forensics: { code: 0, says: /^VM 100: .*the cluster file system is not there/ },
      ...each(refused('pmxcfs', /qm cannot work; to end the VM all the same, on the host: kill \d+/)),
    },
  },
  {
    // Its mount is left behind, and nothing in it or about it can be read.
    name: 'the cluster file system has crashed',
    bring: async (host) => {
      await host.fault('pmxcfs-dead')
      await rm(host.at('pve'), { recursive: true })
    },
    cells: {
      status: { code: 70, says: /the cluster file system is not there.*"quorum":null/ },
      forensics: { code: 0, says: /^VM 100: .*the cluster file system is not there/ },
      ...each(refused('pmxcfs', /the cluster file system is not there, so qm cannot work/)),
    },
  },
  {
    name: 'the cluster file system hangs',
    bring: async (host) => {
      await host.fault('pmxcfs-hangs')
      hangFile(host.at('pve/.vmlist'))
      await rm(host.at('pve/local'))
    },
    cells: {
      status: { code: 70, says: /"state":"unknown".*has no answer in time.*"unread":\["quorum","ha"/ },
      forensics: { code: 0, says: '== cluster (no end within 5 s)' },
      ...each(refused('pmxcfs', /has no answer in time, so qm cannot work; .*kill \d+/)),
    },
  },
  {
    name: 'the cluster has no quorum',
    bring: (host) => host.loseQuorum(),
    cells: withoutQuorum,
  },
  {
    name: 'corosync is dead',
    bring: (host) => Promise.all([host.loseQuorum(), host.fault('corosync-dead')]),
    cells: withoutQuorum,
  },
  {
    name: 'corosync hangs',
    bring: (host) => Promise.all([host.loseQuorum(), host.fault('corosync-hangs')]),
    cells: withoutQuorum,
  },
  {
    name: 'HA manages the VM and there is no quorum',
    bring: (host) => Promise.all([host.loseQuorum(), host.fault('ha', 'started')]),
    cells: {
      status: { code: 0, says: /"ha":"started","quorum":false/ },
      forensics: quiet,
      reset: done(reset),
      stop: refused('no_quorum', 'HA cannot act'),
      start: refused('no_quorum', 'could not be started again'),
      cycle: refused('no_quorum', 'could not be started again'),
    },
  },
  {
    name: 'storage hangs',
    bring: (host) => host.fault('storage-hung'),
    cells: {
      status: { code: 0, says: '"state":"running"' },
      forensics: { code: 0, says: '== storage (no end within 5 s)' },
      reset: done(reset),
      stop: done(stop),
      start: refused('storage', 'storage nfs1, which a disk of the VM is on, has no answer in time'),
      cycle: refused('storage', 'storage nfs1, which a disk of the VM is on, has no answer in time'),
    },
  },
  {
    name: 'a storage hangs that the VM does not use',
    bring: (host) => host.fault('other-storage-hung'),
    cells: {
      status: quiet,
      forensics: { code: 0, says: '== storage (no end within 5 s)' },
      reset: done(reset),
      stop: done(stop),
      start: { code: 70, says: 'already running', acts: [start] },
      cycle: done(stop, start),
    },
  },
  ...(
    [
      ['is not active', 'storage-word', 'inactive'],
      ['is disabled', 'storage-word', 'disabled'],
      ['is not one of this host', 'storage-word', ''],
      ['is not online', 'storage-listing', "storage 'nfs1' is not online"],
    ] as const
  ).map(([words, fault, text]): Fault => ({
    name: `the storage of a disk ${words}`,
    bring: (host) => host.fault(fault, text),
    cells: {
      status: quiet,
      forensics: quiet,
      reset: done(reset),
      stop: done(stop),
      start: refused('storage', `which a disk of the VM is on, ${words}`),
      cycle: refused('storage', `which a disk of the VM is on, ${words}`),
    },
  })),
  {
    name: 'pvesm fails, and says nothing of the storages',
    bring: (host) => host.fault('storage-broken'),
    cells: {
      status: quiet,
      forensics: quiet,
      reset: done(reset),
      stop: done(stop),
      start: { code: 70, says: 'already running', acts: [start] },
      cycle: done(stop, start),
    },
  },
  {
    name: 'the kernel holds the process (D state)',
    bring: (host) => Promise.all([host.fault('stuck'), simulateStuckProcess(host)]),
    cells: {
      status: { code: 0, says: /"wedged":true,"evidence":"process \d+ is stuck in the kernel \(D state\)/ },
      forensics: { code: 0, says: '(kvm) D' },
      reset: done(reset),
      stop: { code: 71, says: /not seen to be gone: stopped, process \d+ is still there/, acts: [stop] },
      ...startIsStuck(
        /has waited [345] s in the kernel \(D state.*'stop' alone is allowed, it may not end it/,
      ),
    },
  },
  {
    name: 'the kernel holds a thread of the process for good',
    bring: (host) => simulateStuckProcess(host, '4300'),
    cells: {
      status: {
        code: 0,
        says: /"wedged":false.*"suspect":"thread 4300 of process \d+ is stuck in the kernel/,
      },
      forensics: { code: 0, says: '4300 (kvm) D' },
      reset: done(reset),
      stop: { code: 71, says: 'not seen to be gone', acts: [stop] },
      ...startIsStuck(/has waited [567] s in the kernel \(D state, thread 4300\)/),
    },
  },
  {
    name: 'the kernel holds a thread of the process for a while',
    bring: (host) => letStuckThreadGo(host),
    cells: {
      status: quiet,
      forensics: quiet,
      reset: done(reset),
      stop: done(stop),
      start: { code: 70, says: 'already running', acts: [start] },
      cycle: done(stop, start),
    },
  },
  {
    name: 'HA manages the VM',
    bring: (host) => host.fault('ha', 'started'),
    cells: {
      status: { code: 0, says: '"ha":"started"' },
      forensics: { code: 0, says: 'HA started' },
      reset: done(reset),
      stop: done('ha-manager crm-command stop vm:100 0'),
      start: done('ha-manager set vm:100 --state started'),
      cycle: done('ha-manager crm-command stop vm:100 0', 'ha-manager set vm:100 --state started'),
    },
  },
  ...(
    [
      ['error', /in state error.*ha-manager set vm:100 --state disabled/],
      ['clearing error flag', /in state clearing error flag.*wait until.*--state started/],
    ] as const
  ).map(([word, says]): Fault => ({
    name: `HA holds the VM: ${word}`,
    bring: (host) => host.fault('ha', word),
    cells: {
      status: { code: 0, says: `"ha":"${word}"` },
      forensics: { code: 0, says: `HA holds it in state ${word}` },
      ...each(refused('ha_error', says)),
      reset: done(reset),
    },
  })),
  ...['not found', 'ignored', 'deleting'].map((word): Fault => ({
    name: `HA leaves the VM alone: ${word}`,
    bring: (host) => host.fault('ha', word),
    cells: {
      status: { code: 0, says: '"ha":null' },
      forensics: quiet,
      reset: done(reset),
      stop: done(stop),
      start: { code: 70, says: 'already running', acts: [start] },
      cycle: done(stop, start),
    },
  })),
  {
    name: 'the VM was migrated away',
    bring: async (host) => {
      await host.fault('migrated')
      await writeFile(host.at('pve/.vmlist'), vmList('pve2'))
    },
    cells: {
      status: { code: 70, says: /the VM is on node pve2.*"node":"pve2"/ },
      forensics: { code: 0, says: 'it is on node pve2' },
      ...each(refused('migrated', 'the VM is on node pve2')),
    },
  },
  {
    name: 'the VM is missing',
    bring: async (host) => {
      await host.fault('missing')
      await writeFile(host.at('pve/.vmlist'), '{"version": 5, "ids": {}}\n')
    },
    cells: {
      status: { code: 70, says: 'no VM 100 in this cluster' },
      forensics: { code: 0, says: '100.conf' },
      ...each(refused('missing', 'VM 100 does not exist here')),
    },
  },
  {
    name: "the host's disk is full",
    bring: async (host) => {
      await mkdir(host.at('state'), { recursive: true })
      host.forcedCommand = inFullState(host)
    },
    cells: {
      status: { code: 0, says: '"state":"running"' },
      forensics: { code: 0, says: '== kernel' },
      ...each({ code: 78, reason: 'state', says: 'its disk is full, or not writable' }),
    },
  },
  {
    name: 'the state folder cannot be made',
    bring: (host) => host.configure('state=/proc/none'),
    cells: {
      status: { code: 0, says: '"state":"running"' },
      forensics: quiet,
      ...each({ code: 78, reason: 'state', says: 'its disk is full, or not writable' }),
    },
  },
  {
    name: 'sudo is broken',
    bring: async (host) => {
      await writeFile(host.at('sudo'), "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
      await chmod(host.at('sudo'), 0o755)
      await substitute(host.at('bin/breakglass-pve'), /^PATH=.*$/m, `PATH=${host.dir}:/usr/bin:/bin`)
      host.forcedCommand = host.forcedCommand.slice(0, 2)
    },
    cells: Object.fromEntries(
      (['status', 'forensics', 'reset', 'stop', 'start', 'cycle'] as const).map((verb) => [
        verb,
        { code: 78, reason: 'sudo', says: 'sudo does not let' },
      ]),
      // fromEntries forgets which keys there are.
    ) as Record<Verb, Cell>,
  },
]

const cells = faults.flatMap(({ name, bring, cells: ofFault }) =>
  Object.entries(ofFault).map(([verb, cell]) => ({ name, bring, cell, verb: verb as Verb })),
)
const took: string[] = []

describe.concurrent('fault × verb', () => {
  it.for(cells)('$name: $verb', { timeout: 90_000 }, async ({ name, verb, bring, cell }, context) => {
    if (name === "the host's disk is full" && !canMount) context.skip('needs a mount namespace')
    const host = await PveHost.start()
    try {
      // What a busy machine takes for such programs while nothing is wrong.
      const timeCounts = / hangs|for good/.test(name)
      const calm = timeCounts ? (await timed(() => host.request('status'))).seconds : 0
      await bring(host)
      const { seconds, value } = await timed(() => host.request(verb === 'status' ? verb : `${verb} ${op}`))
      const { code, stdout, stderr, end } = value
      took.push(`${seconds.toFixed(1).padStart(5)} s   ${code}  ${verb}: ${name}`)

      const reads = verb === 'status' || verb === 'forensics'
      expect({ code, reason: end.reason, outcome: end.outcome, exitCode: end.exit_code }).toEqual({
        code: cell.code,
        reason: cell.reason,
        outcome: outcomes[cell.code],
        exitCode: cell.code,
      })
      const sentence = reads && cell.code !== 78 ? stdout : end.detail
      if (cell.says instanceof RegExp) expect(sentence).toMatch(cell.says)
      else if (cell.says) expect(sentence).toContain(cell.says)
      // What is not done says why, to a person who reads stderr too.
      if (cell.code !== 0) expect(stderr).toContain(String(end.detail))
      expect(await host.acts()).toEqual(cell.acts ?? [])
      if (verb === 'status' && cell.code !== 78) {
        expect(readHostStatus(readHostAnswer(stdout).text)).toMatchObject({ busy: null })
      }
      if (timeCounts) expect(seconds).toBeLessThan((code === 76 ? 6 : bounds[verb]) + 2 * calm)
    } finally {
      await host.remove()
    }
  })
  afterAll(() => {
    if (process.env.TABLE) console.log(took.toSorted().join('\n'))
  })
})
