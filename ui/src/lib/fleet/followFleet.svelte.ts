import { untrack } from 'svelte'
import type { Host } from '#app/schema/fleet.ts'
import type { App } from '#ui/state/App.svelte.ts'
import type { Fleet } from './Fleet.svelte.ts'
import { FleetPolls } from './FleetPolls.ts'

const rememberEveryMs = 30_000

/** Keeps `fleet` up to date while the screen that calls this is there. */
export function followFleet(fleet: Fleet, app: App): FleetPolls {
  let rememberedAt = 0
  const remember = (): void => {
    // At a sign-out all that was remembered is forgotten, and this screen goes: nothing is written back.
    if (app.connection.reach.state === 'signed_out') return
    rememberedAt = Date.now()
    fleet.remember()
  }
  const polls = new FleetPolls({
    loadAll: async () => {
      const others = app.board?.link.state === 'attached' && !app.alerts?.failure ? [] : [app.alerts?.load()]
      await Promise.all([fleet.load(), ...others])
      if (Date.now() - rememberedAt >= rememberEveryMs) remember()
    },
    watch: (names) => fleet.watch(names),
    boardLives: () => app.board?.link.state === 'attached',
    isHidden: () => document.visibilityState === 'hidden',
    isBarred: () => app.connection.reach.state === 'signed_out',
  })
  // What is read while they begin is no reason to begin anew: the link changes often.
  $effect(() => untrack(() => polls.start()))
  $effect(() => app.followAlerts())
  $effect(() => app.connection.onReturn(() => void polls.all()))
  $effect(() => {
    const { board } = app
    return untrack(() =>
      board?.listen({
        onCaughtUp: () => void polls.all(),
        onEvent: (kind, data) => {
          // The contract types the data of an event by its kind.
          if (kind === 'hosts_update') fleet.take(data as Host[])
        },
      }),
    )
  })
  $effect(() => {
    const hide = (): void => {
      if (document.visibilityState === 'hidden') remember()
    }
    document.addEventListener('visibilitychange', hide)
    return () => {
      document.removeEventListener('visibilitychange', hide)
      remember()
    }
  })
  return polls
}
