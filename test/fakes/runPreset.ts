import { loadPresets } from '#app/config/loadPresets.ts'
import { runbookProvider, type RunbookDeps } from '#app/provider/runbook.ts'
import type { SessionDraft, SessionEvent, SessionEventOf } from '#app/schema/events.ts'
import type { Preset } from '#app/schema/preset.ts'
import { LocalRunner } from '#app/ssh/LocalRunner.ts'
import type { ExecResult, Runner } from '#app/ssh/Runner.ts'
import { powerTool, type PowerDeps, type PowerToolVm } from '#app/tool/power.ts'
import { createRegistry, type Registry } from '#app/tool/registry.ts'
import { shellTool } from '#app/tool/shell.ts'

export interface PresetRun {
  preset?: string
  prompt?: string
  target?: string
  presets?: Preset[]
  runnerOf?: (target: string) => Runner | undefined
  vmOfTarget?: RunbookDeps['vmOfTarget']
  power?: PowerDeps['power']
  /** What stands in the log of this turn already, as another process left it. */
  events?: SessionEvent[]
}

export interface PresetEnd {
  events: SessionEvent[]
  findings: SessionEventOf<'finding'>[]
  text: string
  isError: boolean
}

const turn = 't1'

/** The built-in presets. */
export async function builtInPresets(): Promise<Preset[]> {
  return loadPresets('agents/presets')
}

/** Runs one turn of the runbook provider as a turn does, folding its steps over a log in memory. */
export async function runPreset(run: PresetRun): Promise<PresetEnd> {
  const presets = run.presets ?? (await builtInPresets())
  const local = new LocalRunner()
  const tools = createRegistry([
    shellTool({
      presets,
      classify: () => ({
        verdict: 'deny',
        why: 'A preset runs its own text.',
        risk: 'high',
        observes: false,
        action: '',
      }),
      targets: () => [],
      runnerOf: run.runnerOf ?? (() => local),
      leadsTo: () => '',
      modeOf: () => 'read-only',
    }),
    powerTool({
      power: run.power ?? { run: () => Promise.reject(new Error('no power here')) },
      vms: () => (run.vmOfTarget?.(run.target ?? 'local') ? [vmOf(run)] : []),
      modeOf: () => 'read-only',
    }),
  ])
  const provider = runbookProvider({ presets, vmOfTarget: run.vmOfTarget ?? (() => undefined) })
  const events = [...(run.events ?? [])]
  const signal = new AbortController().signal
  const append = (draft: SessionDraft): void => {
    // A draft with id and date is an event.
    events.push({ ...draft, turn, id: events.length + 1, at: new Date().toISOString() })
  }
  for (;;) {
    const request = {
      ...{ sessionId: 's1', system: '', messages: [], tools: [] },
      agent: 'breakglass',
      target: run.target ?? 'local',
      prompt: run.prompt ?? '',
      events,
      turn,
      signal,
    }
    for await (const part of provider.step({
      ...request,
      ...(run.preset === undefined ? {} : { preset: run.preset }),
    })) {
      if (part.type === 'failure') throw new Error(part.message)
      if (part.type === 'end') {
        if (part.reason === 'stop') return endOf(events, part.isError ?? false)
      } else {
        const { type, ...fields } = part
        append({ kind: type, ...fields } as SessionDraft)
      }
    }
    const ended = new Set(events.flatMap((event) => (event.kind === 'tool_output' ? [event.call] : [])))
    const open = events.filter((event) => event.kind === 'tool' && !ended.has(event.call))
    await Promise.all(
      open.map(async (event) => {
        if (event.kind !== 'tool') return
        const result = await runTool(tools, event, signal)
        append({
          kind: 'tool_output',
          call: event.call,
          exit_code: result.exitCode,
          stdout: result.stdout,
          stderr: result.stderr || (result.failure ?? ''),
          truncated: result.truncated,
          duration_ms: result.durationMs,
          ...(result.failedLeg === undefined ? {} : { failed_leg: result.failedLeg }),
        })
      }),
    )
  }
}

/** As the turn does for a call that only reads. */
async function runTool(
  tools: Registry,
  { name, input, call, target = '' }: SessionEventOf<'tool'>,
  signal: AbortSignal,
): Promise<ExecResult> {
  const ready = await tools.prepare(name, input, { sessionId: 's1', call, target, operator: 'operator' })
  if ('refused' in ready) throw new Error(ready.refused)
  const said = { stdout: '', stderr: '' }
  const result = await ready.prepared.run({
    signal,
    write: (stream, text) => void (said[stream] += text),
    ask: () => Promise.reject(new Error('a runbook asks nothing')),
  })
  return { ...result, stdout: said.stdout + result.stdout, stderr: said.stderr + result.stderr }
}

function vmOf(run: PresetRun): PowerToolVm {
  const vm = run.vmOfTarget?.(run.target ?? 'local')
  return { name: vm?.name ?? '', title: vm?.name ?? '', targets: vm?.targets ?? [], leadsTo: '' }
}

function endOf(events: SessionEvent[], isError: boolean): PresetEnd {
  return {
    events,
    findings: events.filter((event) => event.kind === 'finding'),
    text: events.flatMap((event) => (event.kind === 'text' ? [event.text] : [])).join(''),
    isError,
  }
}
