import { readHostStatus, type HostStatus } from '#app/power/hostAnswer.ts'
import { checked, unchecked, type Checked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { nameText } from './wording.ts'
import { legText } from './whyNot.ts'

/** What is known of the guest when its VM is judged: it answers, it is silent, or nobody can ask it. */
export type Guest = { state: 'answers' | 'silent'; target: string } | { state: 'unasked' }

/**
 * A VM by what its hypervisor says of it and whether its guest answers. Reset acts inside the same QEMU process by
 * way of its monitor: where the monitor is silent it cannot work, and only a fresh process helps.
 */
export function judgePower(output: ProbeOutput, title: string, guest: Guest): Judgement[] {
  const status = readHostStatus(output.stdout)
  if (status === undefined || status.state === 'unknown') return [couldNot(output, title, status)]
  const judgement = judgeState(status, title, guest)
  return [judgement, ...judgeHeld(status, title)]
}

function judgeState(status: HostStatus, title: string, guest: Guest): Checked {
  const evidence = status.evidence === null ? '' : ` ${sentence(status.evidence)}`
  const judgement = (
    level: Checked['level'],
    text: string,
    value: string,
    more: Partial<Checked> = {},
  ): Checked => checked({ level, topic: 'vm', text, value, ...more })
  if (status.state === 'stopped')
    return judgement('crit', `${title} is stopped.`, 'stopped', {
      advice: `Start ${title} from its sheet.`,
    })
  if (status.state === 'paused')
    return judgement('crit', `${title} is paused: its guest does nothing.${evidence}`, 'paused', {
      advice: `Free what it waits for on the hypervisor (most often storage), then Cycle ${title} from its sheet.`,
    })
  if (status.wedged && guest.state === 'answers')
    return judgement(
      'warn',
      `QEMU's monitor of ${title} is silent, but its guest still answers.${evidence}`,
      'wedged',
      {
        advice: `Save what you can inside ${guest.target} and shut it down from there; then Cycle ${title} from its sheet.`,
      },
    )
  if (status.wedged)
    return judgement(
      'crit',
      `${title} is wedged: its QEMU process runs, but QEMU does not answer.${evidence}`,
      'wedged',
      {
        advice: `Cycle ${title} from its sheet, not Reset: Reset goes through the monitor that does not answer.`,
      },
    )
  if (guest.state === 'silent')
    return judgement(
      'crit',
      `${title} runs and QEMU answers, but its guest ${guest.target} does not.`,
      'running',
      {
        advice: `The guest hangs or has lost its network: take Forensics of ${title} from its sheet, then Reset, and Cycle if that does not help.`,
      },
    )
  const inside = guest.state === 'answers' ? ', QEMU and its guest answer' : ' and QEMU answers'
  return judgement('ok', `${title} runs${inside}.`, 'running', { figure: `${title} runs${inside}` })
}

/** What stands in the way of the power verbs. */
function judgeHeld({ locked, busy }: HostStatus, title: string): Checked[] {
  const held: Checked[] = []
  if (locked !== null) {
    const text = `${title} is locked (${nameText(locked)}): its power verbs are refused until that ends.`
    const advice = `Wait for the ${nameText(locked)} to end; whether it still runs, the hypervisor's task list tells.`
    held.push(checked({ level: 'warn', topic: 'vm', text, value: nameText(locked), advice }))
  }
  if (busy !== null) {
    const text = `A power operation is running on ${title}.`
    held.push(
      checked({
        level: 'warn',
        topic: 'vm',
        text,
        value: busy,
        advice: `Wait for its end, on the sheet of ${title}.`,
      }),
    )
  }
  return held
}

function couldNot(output: ProbeOutput, title: string, status: HostStatus | undefined): Judgement {
  const said = status?.evidence ?? output.stderr
  const why =
    output.failed_leg === undefined
      ? nameText(said, 200).replace(/\.$/, '') || 'its hypervisor did not say'
      : `${legText(output.failed_leg, said, 'its hypervisor')}`
  return unchecked(`the state of ${title}`, why, true)
}

function sentence(text: string): string {
  const said = nameText(text, 200)
  const clean = said.charAt(0).toUpperCase() + said.slice(1)
  return /[.!?]$/.test(clean) ? clean : `${clean}.`
}
