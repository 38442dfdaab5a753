import type { ExecResult, Runner } from '#app/ssh/Runner.ts'
import { probeCommands } from './Poll.ts'

const timeoutMs = 25_000
const maxOutputBytes = 262_144

/**
 * One reading of a host by its probe. Never throws. A far side that prints without end is cut off, so that it costs
 * neither memory nor time; what it said until then is in the result.
 */
export async function collect(runner: Runner, signal: AbortSignal): Promise<ExecResult> {
  const tooMuch = new AbortController()
  let length = 0
  const result = await runner.exec({
    command: probeCommands.collect,
    timeoutMs,
    maxOutputBytes,
    signal: AbortSignal.any([signal, tooMuch.signal]),
    onOutput(_stream, text) {
      length += text.length
      if (length > maxOutputBytes) tooMuch.abort()
    },
  })
  if (!tooMuch.signal.aborted || signal.aborted) return result
  const failure = 'It printed more than 256 kB, which no probe does, and was cut off.'
  return { ...result, exitCode: null, truncated: true, failedLeg: 'command', failure }
}

/** The probe's `kill`: what it shall kill goes in on stdin, as digits. Never throws. */
export function sendKill(runner: Runner, digits: string, signal?: AbortSignal): Promise<ExecResult> {
  return runner.exec({
    command: probeCommands.kill,
    stdin: `${digits}\n`,
    timeoutMs,
    maxOutputBytes,
    ...(signal && { signal }),
  })
}
