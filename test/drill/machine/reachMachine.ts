import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Machine, MachineRun } from './Machine.ts'

const runLimitMs = 20_000

/** The ways into a machine that are not SSH. `enter` are the arguments of nsenter, `pid` is its first process. */
export function reachMachine(
  pid: number,
  enter: string[],
  environment: Record<string, string>,
): Pick<Machine, 'read' | 'write' | 'run' | 'ask'> {
  const inside = (path: string): string => join(`/proc/${pid}/root`, path)
  const own = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...environment }
  const set = Object.entries(own).map(([name, value]) => `${name}=${value}`)
  const run: Machine['run'] = (line) =>
    new Promise<MachineRun>((resolve) => {
      const argv = [...enter, '--', 'env', ...set, '/bin/sh', '-c', line]
      const settings = { env: {}, timeout: runLimitMs, killSignal: 'SIGKILL' as const }
      execFile('nsenter', argv, settings, (error, stdout, stderr) => {
        // A number where it ran to its end, else a word for why it did not.
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
        resolve({ code, stdout, stderr })
      })
    })
  return {
    run,
    async ask(line) {
      const { code, stdout, stderr } = await run(line)
      if (code !== 0) throw new Error(`in the machine, ${JSON.stringify(line)} ended with ${code}: ${stderr}`)
      return stdout.trim()
    },
    read(path) {
      try {
        return readFileSync(inside(path), 'utf8')
      } catch {
        return null
      }
    },
    write(path, content, mode = 0o644) {
      mkdirSync(dirname(inside(path)), { recursive: true })
      writeFileSync(inside(path), content)
      chmodSync(inside(path), mode)
    },
  }
}
