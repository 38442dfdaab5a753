import type { KillResult, TmuxSession } from '#app/schema/fleet.ts'
import { age } from '#ui/text/duration.ts'
import { counted, memory } from './figures.ts'

/** Why somebody may be working in a tmux session that is not legacy. */
export function whyActive(tmux: TmuxSession, now: number): string {
  const output = `its last output came ${age(now - Date.parse(tmux.last_activity))} ago`
  if (tmux.attached)
    return `Somebody is in it now: ${counted(tmux.clients, 'terminal is', 'terminals are')} attached, and ${output}.`
  const left =
    tmux.detached_since === undefined
      ? ''
      : `It was left ${age(now - Date.parse(tmux.detached_since))} ago, and `
  return `${left === '' ? `Nobody is attached, and ` : left}${output}. What runs in it may be wanted.`
}

/** What came of it, in a sentence; the survivors are listed below it. */
export function sayResult({ killed, survivors, detail }: KillResult): string {
  if (!killed) return `It was not killed. ${detail ?? ''}`.trim()
  if (survivors.length === 0) return 'It is gone, and so are all of its processes.'
  const known = survivors.flatMap(({ gpu_memory_mb }) => gpu_memory_mb ?? [])
  const held = known.reduce((sum, one) => sum + one, 0)
  const outlived = `It is gone; ${counted(survivors.length, 'process', 'processes')} outlived it`
  return held > 0
    ? `${outlived} and still ${survivors.length === 1 ? 'holds' : 'hold'} ${memory(held)} of GPU memory.`
    : `${outlived}.`
}
