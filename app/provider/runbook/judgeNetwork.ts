import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseRoutes } from './parsers/parseRoutes.ts'
import { listText } from './wording.ts'
import { whyNot } from './whyNot.ts'

/** A machine with networks but no way out of them is in trouble; one without any was made so. */
export function judgeRoutes(output: ProbeOutput): Judgement[] {
  const { defaults, routes, nameservers } = parseRoutes(output.stdout)
  if (routes === 0 && /not found|No such file|Permission|not permitted/i.test(output.stderr))
    return [unchecked('the network', whyNot(output))]
  const resolvers =
    nameservers.length === 0 ? 'no name server is set' : `names are asked of ${listText(nameservers)}`
  const text =
    defaults.length > 0
      ? `The default route goes by ${listText([...new Set(defaults)])}; ${resolvers}.`
      : routes > 0
        ? `There is no default route: the machine reaches only its own networks; ${resolvers}.`
        : 'The machine has no network but itself.'
  const level = defaults.length === 0 && routes > 0 ? 'warn' : 'ok'
  return [checked({ level, topic: 'network', text, value: defaults.length, unit: 'default routes' })]
}

/**
 * Reads `/proc/uptime`, a lookup that needs no server (`localhost`), one of a name that exists nowhere (RFC 8375
 * keeps `home.arpa` from leaving the site), and `/proc/uptime` again. A resolver that lives says no at once, a dead
 * one keeps everybody waiting: how long it took is what counts, by the target's own clock.
 */
export function judgeLookup(output: ProbeOutput, thresholds: Thresholds<'lookup'>): Judgement[] {
  const [begin, end] = [...output.stdout.matchAll(/^(\d+\.\d+) \d+\.\d+$/gm)].map((match) => Number(match[1]))
  if (begin === undefined || !/\blocalhost\b/.test(output.stdout))
    return [unchecked('name lookups', whyNot(output))]
  const late = output.failed_leg === 'timeout' && end === undefined
  if (!late && (end === undefined || end < begin)) return [unchecked('name lookups', whyNot(output))]
  const ms = Math.round(end === undefined ? output.duration_ms : (end - begin) * 1000)
  const level = late ? 'crit' : levelOf(ms, thresholds.lookup_ms)
  const text =
    level === 'ok'
      ? `A name lookup ends within ${ms} ms.`
      : `Name lookups hang: one took ${late ? 'more than ' : ''}${(ms / 1000).toFixed(1)} s, so the name servers do not answer.`
  const advice = 'Check the name servers in /etc/resolv.conf: everything that uses names is slow meanwhile.'
  return [checked({ level, topic: 'network', text, value: ms, unit: 'ms', advice })]
}
