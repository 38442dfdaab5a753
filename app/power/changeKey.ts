import type { Vm } from '#app/schema/api.ts'

/** Equal for two views of a VM between which nothing changed that is worth telling: ages and uptimes are not. */
export function changeKey({ state, wedged, busy, hypervisor, last_operation, title }: Vm): string {
  const { op, state: stage, phase, outcome, detail } = last_operation ?? {}
  return JSON.stringify([
    title,
    state,
    wedged,
    busy,
    hypervisor?.reachable,
    op,
    stage,
    phase,
    outcome,
    detail,
  ])
}
