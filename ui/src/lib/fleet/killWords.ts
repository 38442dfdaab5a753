import type { Host, KillResult, TmuxSession } from '#app/schema/fleet.ts'
import type { Shape } from '#ui/components/shape.ts'
import { age } from '#ui/text/duration.ts'
import { counted, dash, memory, shortAge } from './figures.ts'
import { sayHeld } from './holders.ts'
import type { KillStep } from './Kill.svelte.ts'
import { isPartial, livenessOf } from './liveness.ts'
import { presence } from './tmuxFacts.ts'

/** `gone`: it cannot be killed, and why. `doubt`: it can, but what is known of it is old. */
export type KillDoubt = { gone: string } | { doubt: string }

/** What the question is about; once that has an answer, only what it was. */
export function killFacts(tmux: TmuxSession, host: Host, now: number, settled: boolean): [string, string][] {
  const named: [string, string][] = [
    ['Host', host.name],
    ['User', tmux.user],
  ]
  if (settled) return named
  const old = shortAge(now - Date.parse(tmux.created))
  return [
    ...named,
    ['Is', `${tmux.status}, ${presence(tmux, now)}, ${old} old`],
    ['Holds', sayHeld(tmux) || (tmux.gpu_memory_mb === null ? `GPU memory ${dash}` : 'no GPU memory')],
    ['Memory', memory(tmux.memory_mb)],
    ['Runs', `${counted(tmux.window_count, 'window')}, ${counted(tmux.pids.length, 'process', 'processes')}`],
  ]
}

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
  const more = detail === undefined ? '' : ` ${detail}`
  if (survivors.length === 0)
    // With something more to tell, nobody knows whether something outlived it.
    return more === '' ? 'It is gone, and so are all of its processes.' : `It is gone.${more}`
  const known = survivors.flatMap(({ gpu_memory_mb }) => gpu_memory_mb ?? [])
  const held = known.reduce((sum, one) => sum + one, 0)
  const outlived = `It is gone; ${counted(survivors.length, 'process', 'processes')} outlived it`
  if (held === 0) return `${outlived}.${more}`
  const least = known.length < survivors.length || more !== '' ? 'at least ' : ''
  return `${outlived} and still ${survivors.length === 1 ? 'holds' : 'hold'} ${least}${memory(held)} of GPU memory.${more}`
}

/** Only what is gone altogether, as far as was told, is well. */
export function outcomeShape({ killed, survivors, detail }: KillResult): Shape {
  if (!killed) return 'off'
  return survivors.length > 0 || detail !== undefined ? 'warn' : 'ok'
}

/** What came of it, for who has closed the question. */
export function sayStep(at: KillStep): string {
  switch (at.step) {
    case 'ended':
      return sayResult(at.result)
    case 'refused':
      return `Nothing was killed. ${at.why}`
    case 'unknown':
      return `${at.why} It may have been killed, or not.`
    case 'asking':
    case 'warned':
    case 'running':
      return ''
  }
}

/** What speaks against the kill of a tmux session: `host` as it is now, undefined where there is none any more. */
export function doubtKill(id: string, name: string, host: Host | undefined, now: number): KillDoubt | null {
  if (host === undefined) return { gone: `${name} is no host of this fleet any more.` }
  switch (livenessOf(host, now)) {
    case 'never':
    case 'offline':
      return {
        gone: `${name} does not answer now, so nothing can be killed there. ${host.detail ?? ''}`.trim(),
      }
    case 'stale':
      return { doubt: `${name} was not asked for some time: what is told here is old.` }
    case 'live':
      break
  }
  if (!host.tmux.some((one) => one.id === id))
    return { gone: 'It is not there any more: it ended by itself, or somebody else was quicker.' }
  const { ok, age_s = null } = host.sections.tmux ?? { ok: true }
  if (ok || isPartial(host, 'tmux')) return null
  return {
    doubt: `tmux could not be asked${age_s === null ? '' : ` for ${age(age_s * 1000)}`}: what is told here is old.`,
  }
}
