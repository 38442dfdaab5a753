import type { Vm } from '#app/schema/api.ts'

/** What only says how old something is. */
const ages = new Set(['state_at', 'uptime_s', 'started_at', 'checked_at'])
/** Counts that a sentence tells: `for 65 s`, `40 % of a core`. */
const counting = /\b\d+ (s|%)(?= |[.,;"])/g

/** Equal for two views of a VM between which nothing changed that is worth telling: ages and uptimes are not. */
export function changeKey(vm: Vm): string {
  return JSON.stringify(vm, (name, value: unknown) => (ages.has(name) ? undefined : value)).replace(
    counting,
    '… $1',
  )
}
