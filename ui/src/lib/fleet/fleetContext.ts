import { createContext } from 'svelte'
import type { FleetApi } from '#ui/api/fleetApi.ts'
import type { Fleet } from './Fleet.svelte.ts'
import type { Histories } from './Histories.ts'
import type { HostOrder } from './HostOrder.ts'
import type { Reader } from './Reader.ts'

/** What all parts of the fleet's screen share. */
export interface FleetDesk {
  readonly fleet: Fleet
  readonly api: FleetApi
  /** The server's time, in ms since 1970, as far as it is known; in steps of some seconds. */
  readonly now: number
  readonly histories: Histories
  readonly order: HostOrder
  readonly reader: Reader
  /** A host's card is on the screen, or not any more. */
  see: (name: string, inSight: boolean) => void
  /** Opens the question whether a tmux session is to be killed. */
  askKill: (id: string) => void
  /** Leads to a host's card, from wherever one is. */
  showHost: (name: string) => void
}

export const [getDesk, setDesk] = createContext<FleetDesk>()
