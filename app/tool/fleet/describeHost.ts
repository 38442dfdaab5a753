import type { Host, Section } from '#app/schema/fleet.ts'
import { isOld } from '#app/schema/isOld.ts'
import type { Line } from './toText.ts'
import { age, figure, quote } from './words.ts'

const rank = { offline: 0, degraded: 1, online: 2 }

/** One line for each host, those in trouble first. */
export function describeHosts(hosts: Host[], now: number): Line[] {
  return hosts
    .toSorted((a, b) => rank[a.status] - rank[b.status] || (b.cpu_percent ?? 0) - (a.cpu_percent ?? 0))
    .map((host) => ({
      text: describe(host, now) + (host.status === 'offline' ? '' : staleness(host, 'host', now)),
      words: [host.name, host.address, host.os ?? '', host.status, ...host.groups, ...host.tags].join(' '),
    }))
}

/** Said of whatever stands in a list and was read of a host that does not answer now, or long ago; '' where it is fresh. */
export function staleness(host: Host, section: string, now: number): string {
  if (host.status === 'offline') return ` (old: the host is offline, last seen ${seen(host, now)})`
  const read = host.sections[section]
  if (read === undefined) return ''
  if (!read.ok) return ` (old: not read now, last ${ageOf(read)})`
  return isOld(read, host) ? ` (old: last read ${ageOf(read)})` : ''
}

function ageOf({ age_s: ageS }: Section): string {
  return ageS === null ? 'never' : `${Math.round(ageS)} s ago`
}

function describe(host: Host, now: number): string {
  const begin = `${host.name}: ${host.status}${host.detail === undefined ? '' : ` (${quote(host.detail, 160)})`}`
  if (host.last_seen === null) return `${begin}, never seen`
  const legacy = host.tmux.filter(({ status }) => status === 'legacy').length
  const full = host.disks.filter(({ used_percent: used }) => used >= 80)
  const failed = Object.entries(host.sections).filter(([, { ok }]) => !ok)
  return [
    `${begin}, last seen ${seen(host, now)}`,
    `CPU ${figure(host.cpu_percent, '%')}`,
    `memory ${figure(host.memory_percent, '%')}${host.memory_total_mb === null ? '' : ` of ${host.memory_total_mb} MB`}`,
    `load ${host.load?.join(' ') ?? 'unknown'}`,
    ...(host.booted_at === null ? [] : [`up ${age(Date.parse(host.booted_at), now)}`]),
    ...(host.rebooted_at === undefined ? [] : ['rebooted in the last day']),
    `${host.gpus.length} GPUs`,
    `${host.tmux.length} tmux sessions, ${legacy} of them legacy`,
    ...full.map(({ mount, used_percent: used }) => `disk ${quote(mount)} ${figure(used, '%')} full`),
    ...failed.map(([name, { error = '' }]) => `${name} could not be read: ${quote(error, 160)}`),
    ...(host.target === undefined ? [] : [`is the target ${host.target}`]),
  ].join('; ')
}

function seen({ last_seen: at }: Host, now: number): string {
  return at === null ? 'never' : `${age(Date.parse(at), now)} ago`
}
