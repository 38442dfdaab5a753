import type { ExecResult, Runner } from '#app/ssh/Runner.ts'
import { probeCommands } from './Poll.ts'

/** Longer than the probe's own limits together are in the usual case; what it has read until then is told. */
export const defaultTimeoutMs = 25_000
const maxOutputBytes = 262_144

/**
 * One reading of a host by its probe, given up with `stop`. Never throws. A far side that prints without end is cut off,
 * so that it costs neither memory nor time; what it said until then is in the result.
 */
export async function collect(
  runner: Runner,
  stop: AbortController,
  timeoutMs = defaultTimeoutMs,
): Promise<ExecResult> {
  let length = 0
  let tooMuch = false
  const result = await runner.exec({
    command: probeCommands.collect,
    readsNothing: true,
    timeoutMs,
    maxOutputBytes,
    signal: stop.signal,
    onOutput(_stream, text) {
      length += text.length
      if (length <= maxOutputBytes || stop.signal.aborted) return
      tooMuch = true
      stop.abort()
    },
  })
  if (!tooMuch) return result
  const failure = 'It printed more than 256 kB, which no probe does, and was cut off.'
  return { ...result, exitCode: null, truncated: true, failedLeg: 'command', failure }
}

/** The probe's `kill`: what it shall kill goes in on stdin, as digits. Never throws. */
export function sendKill(runner: Runner, digits: string, signal?: AbortSignal): Promise<ExecResult> {
  return runner.exec({
    command: probeCommands.kill,
    stdin: `${digits}\n`,
    timeoutMs: defaultTimeoutMs,
    maxOutputBytes,
    ...(signal && { signal }),
  })
}
