import type { Host, TmuxSession } from '#app/schema/fleet.ts'
import { counted, dash, memory, percent, shortAge } from './figures.ts'
import { sayHeld } from './holders.ts'

export interface TmuxFact {
  /** Empty where there is nothing to say; what stands in a table keeps its place. */
  text: string
  /** GPU memory that a legacy tmux session holds. */
  wrong?: boolean
}

/** What the facts are, where they stand in a table. */
export const tmuxHeads = ['User', 'Windows', 'Age', 'Attached', 'GPU memory', 'CPU', 'Memory']

/** A tmux session in a line: whose, how large, how old, whether somebody is in it, what it takes. Always seven. */
export function tmuxFacts(tmux: TmuxSession, host: Pick<Host, 'gpus'>, now: number): TmuxFact[] {
  const held = sayHeld(tmux) ?? (host.gpus.length > 0 ? `GPU ${dash}` : '')
  const legacy = tmux.status === 'legacy'
  return [
    { text: tmux.user },
    { text: counted(tmux.window_count, 'window') },
    { text: `${shortAge(now - Date.parse(tmux.created))} old` },
    { text: presence(tmux, now) },
    { text: held, wrong: legacy && tmux.gpu_memory_mb !== null },
    { text: tmux.cpu_percent === null ? `CPU ${dash}` : `${percent(tmux.cpu_percent)} CPU` },
    { text: tmux.memory_mb === null ? `RAM ${dash}` : `${memory(tmux.memory_mb)} RAM` },
  ]
}

/** "attached", "attached by 2", "detached 4d". */
export function presence(tmux: TmuxSession, now: number): string {
  if (tmux.attached) return tmux.clients > 1 ? `attached by ${tmux.clients}` : 'attached'
  if (tmux.detached_since === undefined) return 'detached'
  return `detached ${shortAge(now - Date.parse(tmux.detached_since))}`
}
