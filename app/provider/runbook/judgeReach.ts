import type { Leg } from '#app/schema/events.ts'
import { checked, type Checked, type ProbeOutput } from './Judgement.ts'
import type { Guest } from './judgePower.ts'
import { nameText } from './wording.ts'
import { legText } from './whyNot.ts'

/** The machine was there to refuse us. */
const alive = new Set<Leg>(['auth', 'host_key'])
/** We never came as far as the machine. */
const unasked = new Set<Leg>(['name', 'command', 'cancelled'])

/** One judgement for a target on which no command ran at all, or null where one did. */
export function judgeReach(target: string, outputs: ProbeOutput[]): Checked | null {
  const [first] = outputs
  const legs = outputs.flatMap(({ failed_leg, stdout }) => (stdout === '' ? (failed_leg ?? []) : []))
  const leg = legs[0]
  if (first === undefined || leg === undefined || legs.length < outputs.length || leg === 'cancelled')
    return null
  const name = target === '' ? 'The target' : nameText(target)
  const hangs = legs.every((one) => one === 'timeout')
  const text = hangs
    ? `${name} does not answer: not one command came to its end.`
    : `${name} cannot be reached: ${legText(leg, first.stderr)}.`
  return checked({ level: 'crit', topic: 'reach', text, value: leg, advice: adviceOf(leg, name) })
}

/** What the outputs of a VM's guest say about its life. */
export function guestOf(target: string | undefined, outputs: ProbeOutput[]): Guest {
  const unreached = target === undefined ? null : judgeReach(target, outputs)
  if (target === undefined || outputs.length === 0) return { state: 'unasked' }
  if (unreached === null) return { state: 'answers', target }
  // judgeReach puts the leg there.
  const leg = unreached.value as Leg
  if (unasked.has(leg)) return { state: 'unasked' }
  return { state: alive.has(leg) ? 'answers' : 'silent', target }
}

function adviceOf(leg: Leg, name: string): string {
  switch (leg) {
    case 'name':
      return `Check that ${name} is configured, by its address if no name server answers.`
    case 'host_key':
      return `If ${name} was rebuilt, pin its new host key in the configuration; if not, something else answers in its place.`
    case 'auth':
      return `Check the account and the key that the configuration names for ${name}.`
    default:
      return `Check that ${name} has power and network; if it is a VM, its sheet shows its state and needs nothing of the guest.`
  }
}
