import type { Verb, Vm } from '#app/schema/api.ts'
import type { Fact } from '#ui/power/Fact.ts'
import { factsOf, haHolds } from '#ui/power/factsOf.ts'
import { counted, inWords } from '#ui/power/sentence.ts'
import { verbFacts } from '#ui/power/verbs.ts'

/** What is known may be old, so nothing is forbidden for it: the hypervisor looks again before it runs anything. */
const again = 'It is looked at again before anything is run.'

/**
 * What a mutating verb meets and brings about on this VM, as it was last seen: read before the gesture. `stale` is
 * that it was seen too long ago to be told as now.
 */
export function consequencesOf(verb: Verb, vm: Vm, stale = false): Fact[] {
  return [...refusals(verb, vm, stale), ...doubts(verb, vm), ...signs(vm), ...effects(verb, vm)]
}

function refusals(verb: Verb, vm: Vm, stale: boolean): Fact[] {
  const found: Fact[] = []
  const refused = (key: string, why: string, way = again) =>
    found.push({
      key,
      shape: 'warn',
      text: `Would be refused ${stale ? 'when last read' : 'now'}: ${why} ${way}`,
    })
  if (vm.busy !== undefined) refused('busy', `${running(vm)} is running.`, 'One operation at a time.')
  if (vm.node !== undefined) refused('node', `it is on ${vm.node}.`, 'Act there.')
  if (vm.locked !== undefined)
    refused(
      'locked',
      `locked (${vm.locked}).`,
      'Wait until that ends; if it is dead, unlock it there by hand.',
    )
  if (vm.quorum === false && needsQuorum(verb, vm))
    refused('quorum', `the cluster has no quorum${verb === 'stop' ? '.' : ', so it would stay off.'}`)
  if (vm.ha === true && haHolds.includes(vm.ha_state ?? '')) refused('ha', `HA holds it in ${vm.ha_state}.`)
  return found
}

function running({ busy, last_operation: last }: Vm): string {
  return last?.op === busy && last !== undefined
    ? `${verbFacts[last.verb].label} by ${last.by}`
    : 'another operation'
}

/** What else is known that bears on the decision; what could not be read is told where it matters, else here. */
function signs({ unread = [], ...vm }: Vm): Fact[] {
  const others = unread.filter((name) => name !== 'quorum' && name !== 'pending')
  return factsOf({ ...vm, unread: others }).filter(({ key }) => ['suspect', 'agent', 'unread'].includes(key))
}

function needsQuorum(verb: Verb, vm: Vm): boolean {
  return verb === 'cycle' || verb === 'start' || (verb === 'stop' && vm.ha === true)
}

function doubts(verb: Verb, vm: Vm): Fact[] {
  const { hypervisor, unread = [] } = vm
  const off = vm.state === 'stopped'
  const on = vm.state === 'running' || vm.state === 'paused'
  const list: [key: string, shape: Fact['shape'], text: string | false][] = [
    [
      'monitor',
      'warn',
      verb === 'reset' &&
        vm.wedged === true &&
        'Its monitor is silent: a reset cannot reach it, a cycle can.',
    ],
    ['state', 'warn', verb === 'start' && on && 'It runs already.'],
    [
      'state',
      'warn',
      (off &&
        {
          cycle: 'It is off: there is nothing to power off first.',
          stop: 'It is off already.',
          reset: 'It is off: there is nothing to reset.',
        }[verb as string]) ||
        false,
    ],
    [
      'holder',
      'warn',
      vm.lock_holder !== undefined &&
        `At work on it: ${vm.lock_holder}. It waits some seconds for that, then fails.`,
    ],
    [
      'hypervisor',
      'unknown',
      hypervisor?.reachable === false && `${hypervisor.name} could not be reached: it is tried anew.`,
    ],
    [
      'quorum',
      'unknown',
      unread.includes('quorum') && needsQuorum(verb, vm) && `Quorum could not be read. ${again}`,
    ],
  ]
  return list.flatMap(([key, shape, text]) =>
    text === false ? [] : [{ key, shape, text, ...(key === 'hypervisor' && { now: true as const }) }],
  )
}

function effects(verb: Verb, vm: Vm): Fact[] {
  const found: Fact[] = []
  if (verb !== 'start' && vm.carries !== undefined && vm.carries.length > 0)
    found.push({
      key: 'carries',
      shape: 'warn',
      text: `This VM carries ${inWords(vm.carries)}: you may lose this page. The operation goes on without it.`,
      now: true,
    })
  const pending = pendingEffect(verb, vm)
  if (pending !== null) found.push(pending)
  if (vm.ha === true && verb !== 'reset')
    found.push({ key: 'through', shape: 'off', text: 'Goes through HA and is watched to its end.' })
  found.push({ key: 'forensics', shape: 'off', text: 'Forensics are kept first, 5 s at most.', now: true })
  return found
}

function pendingEffect(verb: Verb, { state, pending, unread = [] }: Vm): Fact | null {
  if (verb === 'start' && (state === 'running' || state === 'paused')) return null
  if (pending === undefined)
    return unread.includes('pending')
      ? { key: 'pending', shape: 'unknown', text: 'Pending changes could not be read.' }
      : null
  if (pending.length === 0) return null
  const changes = counted(pending.length, 'pending change')
  if (verb === 'cycle' || verb === 'start')
    return { key: 'pending', shape: 'ok', text: `Applies ${changes}.`, lines: pending }
  const text =
    verb === 'reset'
      ? `Does not apply ${changes}: a cycle does.`
      : `${changes} will be applied when it is started.`
  return { key: 'pending', shape: verb === 'reset' ? 'warn' : 'off', text }
}
