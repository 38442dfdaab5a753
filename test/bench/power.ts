import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomHex } from '#ui/api/randomHex.ts'
import { servePower, type PowerServer } from '../fakes/powerApi.ts'
import { sshdHypervisor, type SshdHypervisor } from '../fakes/sshdHypervisor.ts'
import { compare } from './Row.ts'
import type { Row } from './Row.ts'
import { median } from './statistics.ts'

const rounds = { warm: 60, cold: 20 }

/** Notes when sshd ran the forced command: before the first word of the scripts. */
const stamp = 'date +%s%N >"$dir/stamp"'

/** One VM that answers at once: what the scripts and qm take is not what is measured. */
const quickQm = `#!/bin/sh
case $1 in
  status) printf 'blockstat:\\npid: 4200001\\nqmpstatus: running\\nrunning-qemu: 9.2.0\\nstatus: running\\nuptime: 60\\n' ;;
esac
`

/**
 * From a tap to the moment at which the hypervisor runs the forced command, over a real sshd with the real scripts:
 * the HTTP request, the service and its connection, against OpenSSH's client started for the same command. Warm is
 * the kept connection that readings use, against a ControlMaster; cold the fresh connection of a mutation, against
 * a client that connects. Both also to the first output, which is what someone who waits sees.
 */
export async function powerBench(): Promise<Row[]> {
  const far = await sshdHypervisor(stamp)
  await far.host.replaceQm(quickQm)
  let firstOutputAt: (() => void) | undefined
  const api = await servePower(far.place, {
    wrap: (vm) => ({
      ...vm,
      fresh: {
        exec: (request) =>
          vm.fresh.exec({
            ...request,
            onOutput(stream, text) {
              firstOutputAt?.()
              return request.onOutput?.(stream, text)
            },
          }),
      },
    }),
  })
  const onFirstOutput = (listener: () => void) => (firstOutputAt = listener)
  const client = await openSshClient(far)
  try {
    const warm = await alternate(rounds.warm, far, {
      ours: () => tap(api, 'status'),
      master: () => client.shared('status'),
    })
    const cold = await alternate(rounds.cold, far, {
      ours: () => tap(api, 'reset', onFirstOutput),
      fresh: () => client.fresh(`reset ${randomHex(16)}`),
      master: () => client.shared(`reset ${randomHex(16)}`),
    })
    const row = (name: string, ours: number | undefined, baseline: number | undefined, target: number) =>
      compare(
        { name: `power: ${name}`, unit: 'ms', ours: ours ?? NaN, baseline: baseline ?? NaN },
        '≤',
        target,
      )
    const { dispatched, output } = cold
    return [
      row(
        'tap to dispatched, warm (status), to ssh with ControlMaster',
        warm.dispatched.ours,
        warm.dispatched.master,
        1,
      ),
      row('tap to dispatched, cold (reset), to ssh', dispatched.ours, dispatched.fresh, 1),
      row(
        'tap to dispatched, cold (reset), to ssh with ControlMaster',
        dispatched.ours,
        dispatched.master,
        10,
      ),
      row('tap to first output, cold (reset), to ssh', output.ours, output.fresh, 1),
    ]
  } finally {
    await client.stop()
    await api.stop()
    await far.stop()
  }
}

interface Tap {
  /** Ms from the tap to the first output. */
  output: number
}

type Way = () => Promise<Tap>

/** Medians in ms of `times` rounds in which each way is gone once; the first tenth warms up and does not count. */
async function alternate<K extends string>(times: number, far: SshdHypervisor, ways: Record<K, Way>) {
  const names = Object.keys(ways) as K[] // a record's own keys
  const taken = Object.fromEntries(
    names.map((name) => [name, { dispatched: [], output: [] }]),
  ) as unknown as Record<K, { dispatched: number[]; output: number[] }>
  for (let i = -Math.ceil(times / 10); i < times; i += 1) {
    for (const name of names) {
      // The clock that `date` reads, finer than Date.now() tells it.
      const tappedAt = performance.timeOrigin + performance.now()
      const { output } = await ways[name]()
      if (i < 0) continue
      const stamped = Number(await readFile(join(far.host.dir, 'stamp'), 'utf8')) / 1e6
      taken[name].dispatched.push(stamped - tappedAt)
      taken[name].output.push(output)
    }
  }
  const medians = (of: 'dispatched' | 'output') =>
    Object.fromEntries(names.map((name) => [name, median(taken[name][of])])) as Record<K, number>
  return { dispatched: medians('dispatched'), output: medians('output') }
}

async function tap(
  api: PowerServer,
  verb: string,
  onFirstOutput?: (listener: () => void) => void,
): Promise<Tap> {
  const startedAt = performance.now()
  let output: number | undefined
  onFirstOutput?.(() => (output ??= performance.now() - startedAt))
  const { status, body } = await api.call('POST', `/api/vms/vm/${verb}`, { op: randomHex(16) })
  if (status !== 200) throw new Error(`the ${verb} ended with ${status}: ${JSON.stringify(body)}`)
  return { output: output ?? performance.now() - startedAt }
}

/** OpenSSH's own client: a process for each command, which connects, or shares the connection of a master. */
async function openSshClient({ sshd, place }: SshdHypervisor) {
  const folder = mkdtempSync(join(tmpdir(), 'power-bench-'))
  const port = String(place.hypervisor.port)
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, sshd.hostKeys.map((key) => `[127.0.0.1]:${port} ${key}\n`).join(''))
  const to = ['-F', 'none', '-o', `UserKnownHostsFile=${knownHosts}`, '-i', sshd.keyFile]
  to.push('-p', port, `${sshd.user}@127.0.0.1`)
  const shared = ['-S', join(folder, 'control'), ...to]
  // It goes to the background, and this call returns, once the connection stands.
  await ssh(['-M', '-N', '-f', ...shared], 'ignore')
  return {
    fresh: (command: string) => ssh([...to, command]),
    shared: (command: string) => ssh([...shared, command]),
    async stop() {
      await ssh(['-O', 'exit', ...shared], 'ignore')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ssh(args: string[], stdout: 'pipe' | 'ignore' = 'pipe'): Promise<Tap> {
  const startedAt = performance.now()
  let output: number | undefined
  const child = spawn('ssh', args, { stdio: ['ignore', stdout, 'ignore'] })
  child.stdout?.on('data', () => (output ??= performance.now() - startedAt))
  const [code] = (await once(child, 'close')) as [number | null] // the event's arguments
  if (code !== 0) throw new Error(`ssh ended with ${String(code)}`)
  return { output: output ?? NaN }
}
