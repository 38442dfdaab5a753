import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One check of the whole run. It counts as one, unless its command writes a tally of its own. */
export interface Step {
  name: string
  /** Run one after the other, each from the folder that it names, else from the root. */
  commands: { command: string[]; cwd?: string }[]
  /** For each of the commands. */
  limitS: number
  tallies?: boolean
  /** Whether it needs the Debian packages. */
  needsPackages?: boolean
}

const node = process.execPath
const bin = (name: string) => [node, join(import.meta.dirname, '../../node_modules', name)]
const tsc = bin('@typescript/native/bin/tsc')
/** Writes the types that Kit generates, without which neither lint nor check knows the UI's imports. */
const sync = { command: [...bin('@sveltejs/kit/svelte-kit.js'), 'sync'], cwd: 'ui' }

function shellScripts(): string[] {
  const candidates = globSync(['.ci/*', 'app/*/host/*', 'test/**/*.sh'])
  return candidates.filter((file) =>
    /^#!.*\b(sh|bash)\b/.test(readFileSync(file, 'utf8').split('\n')[0] ?? ''),
  )
}

export const steps: Step[] = [
  {
    name: 'format',
    commands: [{ command: [...bin('prettier/bin/prettier.cjs'), '--check', '.'] }],
    limitS: 120,
  },
  {
    name: 'lint',
    commands: [sync, { command: [...bin('eslint/bin/eslint.js'), '.', '--max-warnings=0'] }],
    limitS: 600,
  },
  {
    name: 'types',
    commands: [
      { command: [...tsc, '-p', 'tsconfig.json'] },
      { command: [...tsc, '-p', 'test/e2e/tsconfig.json'] },
    ],
    limitS: 120,
  },
  {
    name: 'ui-types',
    commands: [sync, { command: [...bin('svelte-check/bin/svelte-check'), '--fail-on-warnings'], cwd: 'ui' }],
    limitS: 180,
  },
  {
    name: 'shell',
    commands: [{ command: ['shellcheck', ...shellScripts()] }],
    limitS: 60,
    needsPackages: true,
  },
  { name: 'ui-build', commands: [{ command: [node, 'start.mjs', 'build'] }], limitS: 180 },
  { name: 'ui-weight', commands: [{ command: [node, 'ui/weight.ts'] }], limitS: 60 },
  {
    name: 'vitest',
    commands: [
      {
        command: [
          ...bin('vitest/vitest.mjs'),
          'run',
          '--reporter=default',
          '--reporter=./test/run/vitestReporter.ts',
        ],
      },
    ],
    limitS: 1800,
    tallies: true,
    needsPackages: true,
  },
  {
    name: 'e2e',
    commands: [
      {
        command: [
          ...bin('@playwright/test/cli.js'),
          'test',
          '--config=test/e2e/playwright.config.ts',
          `--reporter=list,${join(import.meta.dirname, 'playwrightReporter.ts')}`,
        ],
      },
    ],
    limitS: 1800,
    tallies: true,
    needsPackages: true,
  },
]
