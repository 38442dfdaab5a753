import type { Host, TmuxSession } from '#app/schema/fleet.ts'
import { byName, type RankedHost, type Sort } from './orderHosts.ts'

export const tabs = ['active', 'legacy', 'hosts'] as const
export type Tab = (typeof tabs)[number]

/** What of the fleet is shown; it stands in the address, so that it can be sent to somebody. */
export interface View {
  tab: Tab
  text: string
  groups: string[]
  tags: string[]
  /** Only what has trouble. */
  trouble: boolean
  sort: Sort
}

export function readView(query: Pick<URLSearchParams, 'get' | 'getAll' | 'has'>): View {
  const tab = query.get('tab')
  return {
    tab: tabs.find((one) => one === tab) ?? 'hosts',
    text: query.get('q') ?? '',
    groups: query.getAll('group'),
    tags: query.getAll('tag'),
    trouble: query.has('trouble'),
    sort: query.get('sort') === 'name' ? 'name' : 'trouble',
  }
}

/** The query for a view, '' for the one that needs none. */
export function writeView(view: View): string {
  const query = new URLSearchParams()
  if (view.tab !== 'hosts') query.set('tab', view.tab)
  if (view.text.trim() !== '') query.set('q', view.text.trim())
  for (const group of view.groups) query.append('group', group)
  for (const tag of view.tags) query.append('tag', tag)
  if (view.trouble) query.set('trouble', '1')
  if (view.sort === 'name') query.set('sort', 'name')
  return query.size === 0 ? '' : `?${query}`
}

export function isFiltered(view: View): boolean {
  return view.text.trim() !== '' || view.groups.length + view.tags.length > 0 || view.trouble
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}

/** Every word is found somewhere. */
function holds(words: string[], texts: () => string[]): boolean {
  if (words.length === 0) return true
  const all = texts().join('\n').toLowerCase()
  return words.every((word) => all.includes(word))
}

function hostTexts(host: Host): string[] {
  const gpus = host.gpus.map(({ name }) => name)
  return [host.name, host.address, ...host.groups, ...host.tags, ...gpus]
}

function inChips({ groups, tags }: View, host: Host): boolean {
  return (
    (groups.length === 0 || groups.some((one) => host.groups.includes(one))) &&
    (tags.length === 0 || tags.some((one) => host.tags.includes(one)))
  )
}

/** A note is no trouble. */
export function isTroubled({ troubles }: RankedHost): boolean {
  return troubles.some(({ level }) => level !== 'note')
}

export function filterHosts(hosts: RankedHost[], view: View): RankedHost[] {
  const words = wordsOf(view.text)
  return hosts.filter((ranked) => {
    const { host } = ranked
    return (
      inChips(view, host) &&
      (!view.trouble || isTroubled(ranked)) &&
      holds(words, () => [...hostTexts(host), ...peopleTexts(host)])
    )
  })
}

function peopleTexts({ tmux, gpus }: Host): string[] {
  const processes = gpus.flatMap((gpu) => (gpu.processes ?? []).map(({ user }) => user ?? ''))
  return [...tmux.flatMap(({ user, name }) => [user, name]), ...processes]
}

export interface HostedTmux {
  tmux: TmuxSession
  host: Host
}

/** The tmux sessions of one tab, who holds most GPU memory first. */
export function filterTmux(hosts: RankedHost[], view: View, status: TmuxSession['status']): HostedTmux[] {
  return listTmux(hosts, view, status).sort(
    (a, b) => (view.sort === 'name' ? 0 : byHeld(a.tmux, b.tmux)) || byPlace(a, b),
  )
}

/** How many tmux sessions a tab has, which is known without ordering them. */
export function countTmux(hosts: RankedHost[], view: View, status: TmuxSession['status']): number {
  return listTmux(hosts, view, status).length
}

function listTmux(hosts: RankedHost[], view: View, status: TmuxSession['status']): HostedTmux[] {
  const words = wordsOf(view.text)
  return hosts.flatMap((ranked) => {
    const { host } = ranked
    if (!inChips(view, host) || (view.trouble && !isTroubled(ranked))) return []
    return host.tmux
      .filter(
        (tmux) => tmux.status === status && holds(words, () => [...hostTexts(host), tmux.user, tmux.name]),
      )
      .map((tmux) => ({ tmux, host }))
  })
}

/** GPU memory first, then memory, then CPU; what is not known comes last. */
export function byHeld(a: TmuxSession, b: TmuxSession): number {
  return (
    (b.gpu_memory_mb ?? -1) - (a.gpu_memory_mb ?? -1) ||
    (b.memory_mb ?? -1) - (a.memory_mb ?? -1) ||
    (b.cpu_percent ?? -1) - (a.cpu_percent ?? -1)
  )
}

function byPlace(a: HostedTmux, b: HostedTmux): number {
  return byName(a.host.name, b.host.name) || byName(a.tmux.name, b.tmux.name)
}

/** What there is to choose from, by name. */
export function choices(hosts: Host[], of: 'groups' | 'tags'): string[] {
  return [...new Set(hosts.flatMap((host) => host[of]))].sort(byName)
}
