import type { Vm } from '#app/schema/api.ts'
import { unreadOf } from '#ui/power/factsOf.ts'
import { age } from '#ui/text/duration.ts'
import { legWord } from '#ui/text/legWord.ts'

export interface Detail {
  name: string
  value: string
  /** When that was so; ISO 8601. */
  at?: string | null
  /** It holds now, however old is what was read of the VM. */
  now?: true
}

/** All that is known of a VM, by name; what is not known says so. */
export function detailsOf(vm: Vm): Detail[] {
  const { hypervisor, unread = [], agent, pending, carries = [], uptime_s, started_at } = vm
  const open = (name: string, otherwise: string): string =>
    vm.state_at === null ? 'not known' : unread.includes(name) ? 'could not be read' : otherwise
  const details: (Detail | false)[] = [
    started_at !== undefined && { name: 'Process started', value: '', at: started_at },
    uptime_s !== undefined && { name: 'Uptime', value: age(uptime_s * 1000) },
    {
      name: 'Lock',
      value:
        [vm.locked, vm.lock_holder].filter((held) => held !== undefined).join(', held by ') ||
        open('lock', 'none'),
    },
    {
      name: 'Quorum',
      value: vm.quorum === undefined ? open('quorum', 'not told') : vm.quorum ? 'yes' : 'lost',
    },
    {
      name: 'HA',
      value: vm.ha === true ? (vm.ha_state ?? 'managed') : open('ha', 'not managed'),
    },
    {
      name: 'Guest agent',
      value:
        agent === undefined
          ? open('agent', 'not told')
          : { answers: 'answers', silent: 'silent', off: 'none configured' }[agent],
    },
    pending === undefined && { name: 'Pending', value: open('pending', 'not told') },
    vm.node !== undefined && { name: 'Node', value: vm.node },
    hypervisor !== undefined && {
      name: 'Hypervisor',
      value: `${hypervisor.name}, ${reach(hypervisor)}`,
      at: hypervisor.checked_at,
      now: true,
    },
    hypervisor?.detail !== undefined && { name: '', value: hypervisor.detail, now: true },
    carries.length > 0 && { name: 'Carries', value: carries.join(', '), now: true },
    vm.targets.length > 0 && { name: 'Targets', value: vm.targets.join(', '), now: true },
    unread.length > 0 && { name: 'Not read in time', value: unreadOf(vm) },
  ]
  return details.filter((detail) => detail !== false)
}

function reach({ reachable, failed_leg }: NonNullable<Vm['hypervisor']>): string {
  if (reachable === null) return 'not tried yet'
  if (reachable) return 'reachable'
  return failed_leg === undefined ? 'cannot be reached' : legWord(failed_leg)
}
