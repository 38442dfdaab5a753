import type { ProbeOutput } from './Judgement.ts'
import type { KernelMessage } from './parsers/parseKernelLog.ts'
import { durationText } from './wording.ts'

const hourS = 3600

/** Within the last hour, as far as the lines tell their age. */
export function isRecent(messages: KernelMessage[]): boolean {
  return messages.some(({ ageS }) => ageS !== null && ageS <= hourS)
}

/** ` 12 minutes ago`, or ` in the last day` for lines without an age. */
export function sinceText(messages: KernelMessage[]): string {
  const ages = messages.flatMap(({ ageS }) => ageS ?? [])
  return ages.length === 0 ? ' in the last day' : ` ${durationText(Math.min(...ages))} ago`
}

const journalFails =
  /journalctl.*(?:not found|No such file)|No journal files|not seeing messages|Failed to (?:open|search)|insufficient permissions/i
const ringFails = /dmesg.*(?:not found|No such file)|not permitted|klogctl|dmesg.*Permission denied/i

/** Two ways lead to the kernel's log, the journal and `dmesg`: it could be read when one of them did not fail. */
export function isLogReadable({ exit_code, stdout, stderr }: ProbeOutput): boolean {
  if (exit_code === null && stdout === '') return false
  return !(journalFails.test(stderr) && ringFails.test(stderr))
}

/** Why, and whether it matters: where an account lacks the right to read, the log is there to be read. */
export function whyLogUnreadable({ stderr }: ProbeOutput): [why: string, matters: boolean] {
  return /permitted|permission|not seeing/i.test(stderr)
    ? ['the account may read neither the journal nor dmesg; the group systemd-journal or adm may', true]
    : ['there is neither a journal nor a dmesg to read', false]
}
