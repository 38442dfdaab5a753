import type { Leg } from '#app/schema/events.ts'

/** Each leg in the words of someone who has to act on it. */
const legWords: Record<Leg, string> = {
  name: 'name not found',
  tcp: 'no TCP connection',
  host_key: 'host key does not match',
  auth: 'sign-in refused',
  channel: 'no channel',
  command: 'did not run',
  timeout: 'timed out',
  lost: 'contact lost',
  cancelled: 'stopped',
}

export function legWord(leg: Leg): string {
  return legWords[leg]
}
