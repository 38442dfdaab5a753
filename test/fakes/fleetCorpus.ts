import { readdirSync, readFileSync } from 'node:fs'
import type { ExecResult } from '#app/ssh/Runner.ts'

const folder = new URL('../../app/fleet/probe/corpus/', import.meta.url)
const nonce = '0123456789abcdef'

export interface CorpusCase {
  name: string
  /** As the probe would print it. */
  stdout: string
  expected: unknown
}

/** All cases of a folder of the corpus, for tests. In `whole` they are answers as they are, else sections. */
export function corpusCases(kind: string): CorpusCase[] {
  return readdirSync(new URL(`${kind}/`, folder))
    .filter((file) => file.endsWith('.txt'))
    .map((file) => {
      const name = `${kind}/${file.slice(0, -4)}`
      const text = readFileSync(new URL(`${name}.txt`, folder), 'utf8')
      const expected: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))
      return { name, stdout: kind === 'whole' ? text : asAnswer(text), expected }
    })
}

/** Sections, each under a line `== NAME CODE MS`, as a whole answer. */
export function asAnswer(sections: string): string {
  let answer = `breakglass-probe 1 ${nonce}\n`
  for (const section of sections.split(/^== /m).slice(1)) {
    const [head = '', ...body] = section.split('\n')
    const [name, code, ms] = head.split(' ')
    answer += `${nonce} begin ${name}\n${body.join('\n')}${nonce} end ${name} ${code} ${ms}\n`
  }
  return `${answer}${nonce} done\n`
}

/** The end of a command that printed this and ended well. */
export function endOf(stdout: string, rest: Partial<ExecResult> = {}): ExecResult {
  return { exitCode: 0, stdout, stderr: '', truncated: false, durationMs: 200, ...rest }
}
