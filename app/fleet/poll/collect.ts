import type { ExecResult, KeptCommand, Runner } from '#app/ssh/Runner.ts'
import { answerEnd } from './answerEnd.ts'
import { probeCommands } from './Poll.ts'

/** Longer than the probe's own limits together are in the usual case; what it has read until then is told. */
export const defaultTimeoutMs = 25_000
const maxOutputBytes = 262_144

/** Readings of one host by its probe, one at a time. */
export interface Collector {
  /**
   * Never throws. A far side that prints without end is cut off, so that it costs neither memory nor time; what it said
   * until then is in the result.
   */
  collect(signal: AbortSignal, timeoutMs?: number): Promise<ExecResult>
  close(): void
}

/** Where the runner can, the probe is kept running between its answers. */
export function openCollector(runner: Runner): Collector {
  const kept = runner.keep?.({ command: probeCommands.collect, answerEnd })
  return kept
    ? {
        collect: (signal, timeoutMs) => collectFrom(kept, signal, timeoutMs),
        close: () => kept.close(),
      }
    : { collect: (signal, timeoutMs) => collectOnce(runner, signal, timeoutMs), close: () => undefined }
}

async function collectFrom(
  kept: KeptCommand,
  signal: AbortSignal,
  timeoutMs = defaultTimeoutMs,
): Promise<ExecResult> {
  const result = await kept.ask({ timeoutMs, maxOutputBytes, signal })
  return result.truncated ? tooMuch(result) : result
}

async function collectOnce(
  runner: Runner,
  signal: AbortSignal,
  timeoutMs = defaultTimeoutMs,
): Promise<ExecResult> {
  let length = 0
  const cut = new AbortController()
  const result = await runner.exec({
    command: probeCommands.collect,
    readsNothing: true,
    timeoutMs,
    maxOutputBytes,
    signal: AbortSignal.any([signal, cut.signal]),
    onOutput(_stream, text) {
      length += text.length
      if (length > maxOutputBytes) cut.abort()
    },
  })
  return cut.signal.aborted && !signal.aborted ? tooMuch(result) : result
}

function tooMuch(result: ExecResult): ExecResult {
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
