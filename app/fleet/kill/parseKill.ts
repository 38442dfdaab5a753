import type { ExecResult } from '#app/ssh/Runner.ts'
import { isProbe, readHeader } from '../probe/readHeader.ts'
import { probeTrouble } from '../probe/probeTrouble.ts'
import { readCount } from '../probe/readNumber.ts'

export interface Survivor {
  pid: number
  name: string
  gpuMemoryMb: number | null
}

/**
 * `changed`: one with that number was created at another time. `unknown`: its server was told to kill it and answered no
 * more. `failed` is a sentence: nothing is known to have been killed, and after `lost` and `timeout` it may have been.
 */
export type KillAnswer =
  | { result: 'killed' | 'gone' | 'changed' | 'failed' | 'unknown'; detail?: string; survivors: Survivor[] }
  | { failed: string }

const results = ['killed', 'gone', 'changed', 'failed', 'unknown'] as const

/** Reads what the probe's `kill` ended in, whatever it printed. */
export function parseKill(end: ExecResult): KillAnswer {
  const header = readHeader(end.stdout)
  if (!header || !isProbe(header)) {
    return { failed: end.failure ?? probeTrouble(end, header) }
  }
  let answer: Exclude<KillAnswer, { failed: string }> | undefined
  let done = false
  for (const line of end.stdout.slice(header.next).split('\n')) {
    const [word = '', first = '', second = '', ...rest] = line.split(' ')
    if (word === 'kill') {
      const result = results.find((one) => one === first)
      const detail = [second, ...rest].join(' ').trim()
      if (result && !answer) answer = { result, ...(detail !== '' && { detail }), survivors: [] }
    } else if (word === 'survivor') {
      const pid = readCount(first)
      if (answer && pid !== null) {
        answer.survivors.push({ pid, name: rest.join(' '), gpuMemoryMb: readCount(second) })
      }
    } else if (line === `${header.nonce} done`) done = true
  }
  if (!answer) return { failed: end.failure ?? 'The probe there did not say what became of it.' }
  if (!done && answer.result === 'killed') {
    answer.detail ??= 'The answer was cut off: there may be more processes that outlived it.'
  }
  return answer
}
