import type { Vm } from '#app/schema/api.ts'
import { legWord } from '#ui/text/legWord.ts'
import type { Fact } from './Fact.ts'
import { counted, inWords, sentence } from './sentence.ts'

/** Words of HA under which it lets nobody act. */
export const haHolds = ['error', 'fence']

const ranks = ['crit', 'warn', 'unknown', 'off']

const unreadWords: Record<string, string> = {
  ha: 'HA',
  pending: 'pending changes',
  agent: 'the guest agent',
  lock: 'the lock',
  qmp: 'the monitor',
}

/** What a VM's answer left open, as a person calls it; a name that is not known stands as it is. */
export function unreadOf({ unread = [] }: Pick<Vm, 'unread'>): string {
  return inWords(unread.map((name) => unreadWords[name] ?? name))
}

/** What there is to know of a VM beside its state, the worst first; nothing that is as it should be. */
export function factsOf(vm: Vm): Fact[] {
  return allOf(vm).toSorted((a, b) => ranks.indexOf(a.shape) - ranks.indexOf(b.shape))
}

function allOf(vm: Vm): Fact[] {
  const { hypervisor, pending = [], agent, unread = [] } = vm
  const facts: (Fact | false)[] = [
    hypervisor?.reachable === false && {
      key: 'hypervisor',
      shape: 'crit',
      text: `${hypervisor.name} cannot be reached${hypervisor.failed_leg === undefined ? '' : `: ${legWord(hypervisor.failed_leg)}`}.`,
      at: hypervisor.checked_at,
      now: true,
    },
    vm.suspect !== undefined && {
      key: 'suspect',
      shape: 'warn',
      text: `It may be stalled, which is not proved: ${sentence(vm.suspect)}`,
    },
    vm.node !== undefined && {
      key: 'node',
      shape: 'warn',
      text: `It is on ${vm.node} now: here its verbs are refused.`,
    },
    vm.locked !== undefined && {
      key: 'locked',
      shape: 'warn',
      text: `Locked by the hypervisor: ${vm.locked}. Verbs are refused until that ends; if it is dead, unlock it there by hand.`,
    },
    vm.lock_holder !== undefined && {
      key: 'holder',
      shape: 'warn',
      text: `At work on it: ${vm.lock_holder}. A verb waits some seconds for that, then fails.`,
    },
    vm.quorum === false && {
      key: 'quorum',
      shape: 'warn',
      text: 'The cluster has no quorum: cycle and start are refused, for it would stay off.',
    },
    vm.ha === true && haFact(vm.ha_state),
    vm.state === 'running' &&
      agent === 'silent' && { key: 'agent', shape: 'warn', text: 'Its guest agent is silent.' },
    unread.length > 0 && {
      key: 'unread',
      shape: 'unknown',
      text: `Could not be read in time: ${unreadOf(vm)}.`,
    },
    pending.length > 0 && {
      key: 'pending',
      shape: 'off',
      text: `${counted(pending.length, 'pending change')}: a cycle applies ${pending.length === 1 ? 'it' : 'them'}.`,
    },
  ]
  return facts.filter((fact) => fact !== false)
}

function haFact(state: string | undefined): Fact {
  return state !== undefined && haHolds.includes(state)
    ? { key: 'ha', shape: 'crit', text: `HA holds it in ${state}: verbs are refused until that is cleared.` }
    : {
        key: 'ha',
        shape: 'off',
        text: `Managed by HA${state === undefined ? '' : ` (${state})`}: start and stop go through it.`,
      }
}
