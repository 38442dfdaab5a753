import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import type { Client } from 'ssh2'
import { execFresh } from '#app/ssh/execFresh.ts'
import type { ExecResult } from '#app/ssh/Runner.ts'
import type { SshDestination } from '#app/ssh/SshDestination.ts'
import { SshPool } from '#app/ssh/SshPool.ts'
import { startSshd } from '../fakes/sshd.ts'
import type { Sshd } from '../fakes/sshd.ts'
import { compare, limit } from './Row.ts'
import type { Row } from './Row.ts'
import { median } from './statistics.ts'

const request = { command: 'true', timeoutMs: 30_000, maxOutputBytes: 1_000 }

/**
 * Commands on a real sshd of this machine, ours against bare ssh2 on a socket with noDelay: on a kept connection,
 * on a new one each time, and 200 at once. OpenSSH's own client stands beside it for context.
 */
export async function sshBench(): Promise<Row[]> {
  const sshd = await startSshd()
  const pool = new SshPool()
  const kept = await bareConnection(sshd)
  try {
    const { port, user, hostKeys, keyFile } = sshd
    const destination: SshDestination = {
      name: 'bench',
      host: '127.0.0.1',
      port,
      user,
      hostKeys,
      key: { file: keyFile },
    }
    const runner = pool.runner(destination)
    const warm = await alternate(
      300,
      () => runner.exec(request).then(succeeded),
      () => bareExec(kept),
    )
    const cold = await alternate(
      40,
      () => execFresh(destination, request).then(succeeded),
      async () => {
        const client = await bareConnection(sshd)
        await bareExec(client)
        client.end()
      },
    )
    const atOnce = await Promise.all(Array.from({ length: 200 }, () => runner.exec(request)))
    const refused = atOnce.filter(({ exitCode }) => exitCode !== 0).length
    return [
      compare({ name: 'ssh: a command on a warm connection', unit: 'ms', ...warm }, '≤', 1.25),
      compare({ name: 'ssh: a command on a new connection', unit: 'ms', ...cold }, '≤', 1.2),
      limit({ name: 'ssh: refused of 200 at once', unit: 'commands', ours: refused }, 0),
      ...(await openSshRows(sshd)),
    ]
  } finally {
    pool.close()
    kept.end()
    await sshd.stop()
  }
}

function succeeded({ exitCode, failure }: ExecResult): void {
  if (exitCode !== 0) throw new Error(`the command failed: ${failure ?? String(exitCode)}`)
}

/** Medians in ms of `times` runs each, one after the other in turn; the first tenth warms up and does not count. */
async function alternate(
  times: number,
  ours: () => Promise<void>,
  baseline: () => Promise<void>,
): Promise<{ ours: number; baseline: number }> {
  const taken = { ours: [] as number[], baseline: [] as number[] }
  for (let i = -times / 10; i < times; i += 1) {
    const [first, second] = [await timed(ours), await timed(baseline)]
    if (i < 0) continue
    taken.ours.push(first)
    taken.baseline.push(second)
  }
  return { ours: median(taken.ours), baseline: median(taken.baseline) }
}

async function timed(run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return performance.now() - startedAt
}

async function bareConnection({ port, user, keyFile }: Sshd): Promise<Client> {
  const client = new ssh2.Client()
  // The server's end may reach it as a reset.
  client.on('error', () => undefined)
  const sock = connect({ port, host: '127.0.0.1', noDelay: true })
  client.connect({ sock, username: user, privateKey: readFileSync(keyFile) })
  await once(client, 'ready')
  return client
}

function bareExec(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.exec(request.command, (error, channel) => {
      if (error) {
        reject(error)
        return
      }
      channel.stderr.resume()
      channel.resume().on('close', () => resolve())
    })
  })
}

async function openSshRows({ port, user, keyFile, hostKeys }: Sshd): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ssh-bench-'))
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, hostKeys.map((key) => `[127.0.0.1]:${String(port)} ${key}\n`).join(''))
  const to = [
    '-o',
    `UserKnownHostsFile=${knownHosts}`,
    '-i',
    keyFile,
    '-p',
    String(port),
    `${user}@127.0.0.1`,
  ]
  const shared = ['-S', join(folder, 'control'), ...to]
  // It goes to the background, and this call returns, once the connection stands.
  await ssh(['-M', '-N', '-f', ...shared])
  try {
    return [
      await contextRow('ssh: for context, OpenSSH with a ControlMaster', 100, [...shared, request.command]),
      await contextRow('ssh: for context, OpenSSH with a new connection', 10, [...to, request.command]),
    ]
  } finally {
    await ssh(['-O', 'exit', ...shared])
    rmSync(folder, { recursive: true, force: true })
  }
}

async function contextRow(name: string, times: number, args: string[]): Promise<Row> {
  const taken: number[] = []
  for (let i = 0; i < times; i += 1) taken.push(await timed(() => ssh(args)))
  return { name, unit: 'ms', ours: median(taken), baseline: null, ratio: null, target: '', ok: true }
}

async function ssh(args: string[]): Promise<void> {
  const child = spawn('ssh', ['-F', 'none', ...args], { stdio: 'ignore' })
  const [code] = (await once(child, 'exit')) as [number | null] // the event's arguments
  if (code !== 0) throw new Error(`ssh ended with ${String(code)}`)
}
