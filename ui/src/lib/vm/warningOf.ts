import type { Verb } from '#app/schema/api.ts'

/**
 * What a verb that changes a VM will do, what it costs and how long it takes: read before it is done. Times are
 * those of `qm` with its own escalation.
 */
export function warningOf(verb: Verb, vm: string): string {
  switch (verb) {
    case 'cycle':
      return `${vm} is powered off and started again, as a fresh process. Unsaved memory of the guest is lost. Usually under a minute; when it hangs up to 5, under HA up to 8.`
    case 'reset':
      return `${vm} restarts at once, as by its reset button. Unsaved memory of the guest is lost. Pending changes are not applied. Seconds; it cannot help when the monitor is silent.`
    case 'stop':
      return `${vm} is powered off and stays off. Unsaved memory of the guest is lost. Usually seconds; when it hangs up to 2½ minutes, under HA up to 4½.`
    case 'start':
      return `${vm} is powered on. Nothing is lost. Usually seconds.`
    case 'status':
    case 'forensics':
      return ''
  }
}
