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

/**
 * In the last three a name cannot always be given another meaning, so their jobs begin each command with `record`;
 * of them fish cannot be kept from expanding globs.
 */
export type Shell = 'bash' | 'dash' | 'zsh' | 'fish' | 'busybox'

export interface Sandbox {
  /** The home and working directory, with a folder `log` to expand in. */
  home: string
  /** For each job the commands that were run, each as its words; in no order, as a pipe has none. */
  run(shell: Shell, jobs: readonly Job[], expand?: { glob?: boolean }): Promise<string[][][]>
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
        ({ line, status }, index) =>
          `run ${String(index)} ${String(status)} ${shell === 'fish' ? quoteForFish(line) : quote(line)}`,
      )
      const asWritten = glob ? '' : noGlob[shell]
      await writeFile(script, [prelude[shell], asWritten, ...calls, last[shell], ''].join('\n'))
      await writeFile(record, '')
      if (root) await chown(record, nobody, nobody)
      await promisify(execFile)(`/usr/bin/${shell}`, [...options[shell], script], {
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

const options: Record<Shell, readonly string[]> = {
  bash: [],
  dash: [],
  zsh: ['-f'],
  fish: ['--no-config'],
  busybox: ['sh'],
}

/** Leaves with 0, whatever the last line left. */
const last: Record<Shell, string> = { bash: 'N=0', dash: 'N=0', zsh: 'N=0', fish: 'true', busybox: 'N=0' }

const noGlob: Record<Shell, string> = {
  bash: 'set -f',
  dash: 'set -f',
  zsh: 'setopt noglob',
  fish: '',
  busybox: 'set -f',
}

const prelude: Record<Shell, string> = {
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
  zsh: `
exec 9>>"$RECORD"
record() { builtin printf '%s\\0' "$N" "$#" "$@" >&9; return $S; }
run() { N=$1 S=$2; builtin eval " $3" </dev/null >/dev/null 2>&1; }
`,
  fish: `
function record
  printf '%s\\0' $N (count $argv) $argv >>$RECORD
  return $S
end
function run
  set -g N $argv[1]
  set -g S $argv[2]
  eval " $argv[3]" </dev/null >/dev/null 2>&1
end
`,
  busybox: `
exec 9>>"$RECORD"
record() { printf '%s\\0' "$N" "$#" "$@" >&9; return $S; }
run() { N=$1 S=$2; eval " $3" </dev/null >/dev/null 2>&1; }
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

function quoteForFish(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
