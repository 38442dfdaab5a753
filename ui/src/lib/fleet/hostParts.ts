import type { Host } from '#app/schema/fleet.ts'

/** How much of a host's card is drawn. It is drawn in parts of about the same weight, each in a frame of its own. */
export interface HostParts {
  gpus: number
  tmux: number
  /** All else that stands below them. */
  rest: boolean
}

const tmuxAtOnce = 2
/** So many tmux sessions stand on a card before the others are asked for. */
export const mostTmux = 4

/** The first part is the host's own figures, then come its GPUs, its tmux sessions, and the rest. */
export function hostParts(host: Host, drawn: number): HostParts {
  const gpus = Math.min(drawn - 1, host.gpus.length)
  const tmux = Math.max(0, drawn - 1 - host.gpus.length) * tmuxAtOnce
  return { gpus, tmux, rest: drawn >= countParts(host) }
}

export function countParts(host: Host): number {
  return 1 + host.gpus.length + Math.ceil(Math.min(host.tmux.length, mostTmux) / tmuxAtOnce)
}
