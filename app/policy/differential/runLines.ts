import { execFile } from 'node:child_process'
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { allowlist } from '../allowlist.ts'

/** What the shell is asked to run, and what its commands answer: 0 or 1. */
export interface Job {
  line: string
  status: 0 | 1
}

export interface Sandbox {
  /** The home and working directory, with a folder `log` to expand in. */
  home: string
  /** For each job the commands that were run, each as its words; in no order, as a pipe has none. */
  run(shell: 'bash' | 'dash', jobs: readonly Job[], options?: { glob?: boolean }): Promise<string[][][]>
  remove(): Promise<void>
}

/**
 * Runs lines in one process of a real shell, where no command exists: whatever the shell would
 * run is a function that writes down its words. Where the test has the rights of root it gives them up first, so a
 * line that is read wrongly cannot write outside the folder.
 */
export async function openSandbox(): Promise<Sandbox> {
  const home = await mkdtemp(join(tmpdir(), 'shell-'))
  await mkdir(join(home, 'log'))
  for (const name of ['a.log', 'c.log', 'a b.log', '-n']) await writeFile(join(home, 'log', name), 'x\n')
  const root = process.getuid?.() === 0
  const nobody = 65534
  if (root) await chown(home, nobody, nobody)
  let runs = 0
  return {
    home,
    remove: () => rm(home, { recursive: true }),
    async run(shell, jobs, { glob = false } = {}) {
      const [script, record] = [
        join(home, `.script-${String(++runs)}`),
        join(home, `.record-${String(runs)}`),
      ]
      const calls = jobs.map(
        ({ line, status }, index) => `run ${String(index)} ${String(status)} ${quote(line)}`,
      )
      await writeFile(script, [prelude[shell], glob ? '' : 'set -f', ...calls, 'N=0', ''].join('\n'))
      await writeFile(record, '')
      if (root) await chown(record, nobody, nobody)
      await promisify(execFile)(`/bin/${shell}`, [script], {
        cwd: home,
        env: { PATH: '/nothing', HOME: home, RECORD: record, LC_ALL: 'C.UTF-8' },
        maxBuffer: 64 * 1024 * 1024,
        timeout: 100_000,
        ...(root && { uid: nobody, gid: nobody }),
      })
      return toRuns(await readFile(record, 'utf8'), jobs.length)
    },
  }
}

/** What dash can define; `command` is used to write down. */
const names = ['sudo', ...allowlist.keys()]
  .filter((name) => /^[a-z]\w*$/.test(name) && name !== 'command')
  .join(' ')

const prelude = {
  // `builtin` is the one that is left: no generated line has it.
  bash: `
exec 9>>"$RECORD"
record() { builtin printf '%s\\0' "$N" "$#" "$@" >&9; ((S == 0)); }
command_not_found_handle() { record "$@"; }
run() { N=$1 S=$2; builtin eval " $3" </dev/null >/dev/null 2>&1; }
for name in $(builtin compgen -b) ; do
  case $name in builtin|compgen|set|eval|exec) ;; *) builtin eval "function $name { record '$name' \\"\\$@\\"; }";; esac
done
for name in compgen eval exec; do builtin eval "function $name { record '$name' \\"\\$@\\"; }"; done
`,
  dash: `
exec 9>>"$RECORD"
record() { command printf '%s\\0' "$N" "$#" "$@" >&9; return $S; }
run() { N=$1 S=$2; eval " $3" </dev/null >/dev/null 2>&1; }
for name in ${names}; do eval "$name() { record '$name' \\"\\$@\\"; }"; done
`,
}

function toRuns(record: string, count: number): string[][][] {
  const runs = Array.from({ length: count }, (): string[][] => [])
  const fields = record.split('\0')
  for (let at = 0; at + 1 < fields.length;) {
    const words = Number(fields[at + 1])
    runs[Number(fields[at])]?.push(fields.slice(at + 2, at + 2 + words))
    at += 2 + words
  }
  return runs
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
