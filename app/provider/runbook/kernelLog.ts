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

/** Why, and whether it matters: where an account lacks the right to read, the log is there to be read. */
export function whyLogUnreadable({ stderr }: ProbeOutput): [why: string, matters: boolean] {
  return /permitted|permission|not seeing/i.test(stderr)
    ? ['the account may read neither the journal nor dmesg; the group systemd-journal or adm may', true]
    : ['there is neither a journal nor a dmesg to read', false]
}
