import type { ProbeOutput } from '#app/provider/runbook/Judgement.ts'

/** What a probe's command answered; by default it ended well after 10 ms. */
export function probeOutput(stdout: string, more: Partial<ProbeOutput> = {}): ProbeOutput {
  return {
    at: '2026-11-20T03:00:00.000Z',
    exit_code: 0,
    stdout,
    stderr: '',
    truncated: false,
    duration_ms: 10,
    ...more,
  }
}
