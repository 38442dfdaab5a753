import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Checked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseUnits, type Unit } from './parsers/parseUnits.ts'
import { count, listText, nameText } from './wording.ts'
import { whyNot } from './whyNot.ts'

/** Services that failed or cannot stay up, by systemd or OpenRC. */
export function judgeUnits(output: ProbeOutput, thresholds: Thresholds<'units'>): Judgement[] {
  const { system, units, crashed } = parseUnits(output.stdout)
  if (system === null && units.length === 0)
    return crashed === null ? [couldNot(output)] : [judgeCrashed(crashed, thresholds)]
  const failed = units.filter(({ active }) => active === 'failed')
  const restarting = units.filter(({ sub }) => /^auto-restart/.test(sub))
  const level = levelOf(failed.length, thresholds.failed)
  return [
    ...failed.map((unit) =>
      checked({
        level,
        topic: 'services',
        text: `${nameText(unit.name)} has failed${reason(unit)}.`,
        value: 'failed',
        advice: `journalctl -u ${nameText(unit.name)} -n 50 --no-pager says why.`,
      }),
    ),
    ...restarting.map((unit) =>
      checked({
        level: 'warn',
        topic: 'services',
        text: `${nameText(unit.name)} does not stay up: systemd keeps starting it again${reason(unit)}${often(unit)}.`,
        value: 'restarting',
        advice: `journalctl -u ${nameText(unit.name)} -n 50 --no-pager says why.`,
      }),
    ),
    ...judgeSystem(system, failed.length + restarting.length),
  ]
}

function judgeSystem(system: string | null, wrong: number): Checked[] {
  if (system === 'maintenance' || system === 'stopping') {
    const words = system === 'maintenance' ? 'is in rescue or emergency mode' : 'is shutting down'
    return [checked({ level: 'crit', topic: 'services', text: `The machine ${words}.`, value: system })]
  }
  if (system === 'starting' || system === 'initializing')
    return [
      checked({
        level: 'warn',
        topic: 'services',
        text: 'The machine is still starting its services.',
        value: system,
      }),
    ]
  if (wrong > 0) return []
  const text =
    system === 'degraded'
      ? 'systemd calls itself degraded, but no unit is failed now.'
      : 'No unit has failed.'
  return [
    checked({ level: 'ok', topic: 'services', text, value: 0, unit: 'failed', figure: 'no failed service' }),
  ]
}

function judgeCrashed(crashed: string[], thresholds: Thresholds<'units'>): Checked {
  const text =
    crashed.length === 0
      ? 'No service has crashed (OpenRC).'
      : `${count(crashed.length, 'service')} crashed (OpenRC): ${listText(crashed.map((one) => nameText(one)))}.`
  return checked({
    level: levelOf(crashed.length, thresholds.failed),
    topic: 'services',
    text,
    value: crashed.length,
    unit: 'failed',
    ...(crashed.length === 0 ? { figure: 'no crashed service' } : {}),
  })
}

function reason({ result, exitStatus }: Unit): string {
  switch (result) {
    case 'exit-code':
      return exitStatus === null ? '' : `: it ended with exit code ${exitStatus}`
    case 'signal':
    case 'core-dump':
      return exitStatus === null ? ': a signal ended it' : `: signal ${exitStatus} ended it`
    case 'oom-kill':
      return ': it was killed for want of memory'
    case 'timeout':
      return ': it did not start or stop in time'
    case 'start-limit-hit':
      return ': it failed too often and is not tried again'
    case 'success':
    case null:
      return ''
    default:
      return `: ${nameText(result, 40)}`
  }
}

function often({ restarts }: Unit): string {
  return restarts === null || restarts === 0 ? '' : `, ${count(restarts, 'time')} so far`
}

function couldNot(output: ProbeOutput): Judgement {
  const { stdout, stderr } = output
  const absent = /not been booted with systemd|systemctl: (command )?not found|not found.*systemctl/i.test(
    stderr,
  )
  if (absent || /^offline$/m.test(stdout))
    return unchecked('the services', 'neither systemd nor OpenRC runs there')
  return unchecked('the services', whyNot(output), true)
}
