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
 * A name that exists nowhere (RFC 8375 keeps `home.arpa` from leaving the site): a resolver that lives says so
 * at once, a dead one keeps everybody waiting. How long it took is what counts, not what it said.
 */
export function judgeLookup(output: ProbeOutput, thresholds: Thresholds<'lookup'>): Judgement[] {
  const ms = Math.round(output.duration_ms)
  const ended = output.exit_code === 0 || output.exit_code === 2 || output.failed_leg === 'timeout'
  if (!ended) return [unchecked('name lookups', whyNot(output))]
  const level = levelOf(ms, thresholds.lookup_ms)
  const text =
    level === 'ok'
      ? `A name lookup ends within ${ms} ms.`
      : `Name lookups hang: one took ${(ms / 1000).toFixed(1)} s, so the name servers do not answer.`
  const advice = 'Check the name servers in /etc/resolv.conf: everything that uses names is slow meanwhile.'
  return [checked({ level, topic: 'network', text, value: ms, unit: 'ms', advice })]
}
