import type { ExecResult } from '#app/ssh/Runner.ts'
import type { Header } from './readHeader.ts'
import { plainText } from './plainText.ts'

type End = Pick<ExecResult, 'exitCode' | 'stdout' | 'stderr' | 'truncated'>

const known: [pattern: RegExp, sentence: string][] = [
  [
    /sudo:.*(password is required|terminal is required|no tty)/,
    'sudo wants a password there for the probe: its sudoers file is missing or says something else.',
  ],
  [
    /sudo:.*(not allowed|not in the sudoers)|is not in the sudoers/,
    'sudo does not allow the probe there: its sudoers file is missing or says something else.',
  ],
  [/sudo:.*(command not found)/, 'sudo does not find the probe there. Enrol the host again.'],
  [
    /password.*(has )?expired|change your password|account.*expired/i,
    'The account of the probe has expired there.',
  ],
  [/account is currently not available|nologin/i, 'The account of the probe has no login shell there.'],
  [/no space left on device/i, 'A disk is full there, so that the probe could not run.'],
  [
    /cannot (fork|allocate)|resource temporarily unavailable|out of memory/i,
    'The host could start no process for the probe: it is out of memory or of processes.',
  ],
  [/read-only file system/i, 'A file system turned read-only there, so that the probe could not run.'],
  [/input\/output error/i, 'A disk of the host fails: the probe could not be read (input/output error).'],
]

/** Why what came is no answer of the probe, in a sentence. */
export function probeTrouble(end: End, header: Header | null): string {
  if (header) {
    return `The probe there speaks version ${plainText(header.version, 20) || '?'} of the protocol, and version 1 is needed. Enrol the host again.`
  }
  const lines = [...firstLines(end.stderr), ...firstLines(end.stdout)]
  for (const [pattern, sentence] of known) if (lines.some((line) => pattern.test(line))) return sentence
  const [said] = lines
  if (
    end.exitCode === 127 ||
    (end.exitCode !== 0 && lines.some((line) => /not found|no such file/i.test(line)))
  ) {
    return `The probe is not installed there${said ? `: ${said}` : ''}. Enrol the host.`
  }
  if (end.exitCode === 126) return `The probe cannot be run there${said ? `: ${said}` : ''}.`
  if (said === undefined) return `The probe there said nothing and ended with code ${end.exitCode ?? '?'}.`
  return `The probe there did not answer as one: ${said}`
}

/** A few lines, short enough for any pattern. */
function firstLines(text: string): string[] {
  return text
    .slice(0, 4000)
    .split('\n', 20)
    .map((line) => plainText(line, 160))
    .filter((line) => line !== '')
}
