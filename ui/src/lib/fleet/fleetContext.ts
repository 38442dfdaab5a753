import { createContext } from 'svelte'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import type { Fleet } from './Fleet.svelte.ts'

/** What all parts of the fleet's screen share. */
export interface FleetDesk {
  readonly fleet: Fleet
  readonly api: FleetApi
  /** The server's time, in ms since 1970, as far as it is known; in steps of some seconds. */
  readonly now: number
  /** A host's card is on the screen, or not any more. */
  see: (name: string, inSight: boolean) => void
  /** Opens the question whether a tmux session is to be killed. */
  askKill: (id: string) => void
}

export const [getDesk, setDesk] = createContext<FleetDesk>()
