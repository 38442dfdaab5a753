import { readMemory } from '#app/fleet/emptyMemory.ts'
import { hostKind } from '#app/fleet/OthersMemories.ts'
import type { Documents } from '#app/history/Documents.ts'

export interface RemoveForgottenDeps {
  documents: Pick<Documents, 'read' | 'put'>
  isKnown: (host: string) => boolean
  /** The name of a host's alerts. */
  scopeOf: (host: string) => string
  /** ms since 1970. */
  now: number
}

const forgetAfterMs = 86_400_000

/**
 * Removes what is stored of hosts that were taken out of the configuration while no process ran that would have noticed:
 * of those that nobody has polled for a day, for another replica may have a newer configuration. Throws `log_unavailable`.
 */
export async function removeForgotten({
  documents,
  isKnown,
  scopeOf,
  now,
}: RemoveForgottenDeps): Promise<void> {
  const [hosts, alerts] = await Promise.all([documents.read(hostKind), documents.read('alerts')])
  const gone = [...hosts].filter(([name, text]) => !isKnown(name) && isOld(text, now)).map(([name]) => name)
  for (const name of gone) {
    documents.put(hostKind, name, null)
    if (alerts.has(scopeOf(name))) documents.put('alerts', scopeOf(name), null)
  }
  // Alerts of a host of which nothing else is stored.
  const scopes = new Set([...hosts.keys()].map(scopeOf))
  const prefix = scopeOf('')
  for (const scope of alerts.keys())
    if (!scopes.has(scope) && !isKnown(scope.slice(prefix.length))) documents.put('alerts', scope, null)
}

function isOld(text: string, now: number): boolean {
  const polledAt = readMemory(text)?.polledAt ?? 0
  return now - polledAt > forgetAfterMs
}
