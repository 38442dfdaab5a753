import type { SessionEvent } from '#app/schema/events.ts'
import type { Preset } from '#app/schema/preset.ts'
import type { Part, Provider, StepRequest } from './Provider.ts'
import type { ProbeOutput } from './runbook/Judgement.ts'
import { judgeRun } from './runbook/judgeRun.ts'
import { matchPreset } from './runbook/matchPreset.ts'
import { planProbes, type RunbookVm } from './runbook/planProbes.ts'
import { summarise } from './runbook/summarise.ts'
import { toFinding } from './runbook/toFinding.ts'
import { listText } from './runbook/wording.ts'

export interface RunbookDeps {
  presets: Preset[]
  /** The VM that holds the target, else the default VM; undefined when none is configured. */
  vmOfTarget: (target: string) => RunbookVm | undefined
  /** Whether models are configured; absent: none are. */
  models?: () => boolean
}

/**
 * The provider without a model. Its first step yields every probe of the preset as a tool call; its second reads
 * what they answered and yields `finding`s and the closing text. All it knows stands in the turn's events: a turn
 * that another process left in the middle goes on where it stands, and says nothing twice.
 */
export function runbookProvider(deps: RunbookDeps): Provider {
  return {
    name: 'runbook',
    model: 'runbook',
    // The contract wants a stream; nothing here waits.

    async *step(request) {
      yield* step(request, deps)
    },
  }
}

function* step(request: StepRequest, { presets, vmOfTarget, models }: RunbookDeps): Generator<Part> {
  const { target, turn } = request
  const events = request.events.filter((event) => event.turn === turn)
  if (request.concluding === true) {
    yield* say('No model answers any more, and nothing more is run in this turn.', events)
    yield { type: 'end', reason: 'stop', isError: true }
    return
  }
  const runnable = presets.filter(
    (preset) =>
      preset.runbook !== undefined && (preset.targets === undefined || preset.targets.includes(target)),
  )
  const preset =
    request.preset === undefined
      ? matchPreset(request.prompt, runnable)
      : (runnable.find(({ id }) => id === request.preset) ?? null)
  const alone = models?.() === true ? 'No model answers here' : 'No model is configured'
  if (preset === null) {
    yield* say(offer(request, runnable, alone), events)
    yield { type: 'end', reason: 'stop' }
    return
  }
  const intro =
    request.preset === undefined ? `${alone}; this is what the preset ${preset.label} finds.\n\n` : ''
  const vm = vmOfTarget(target)
  const plan = planProbes(preset, turn, target, vm)
  const asked = new Set(events.flatMap((event) => (event.kind === 'tool' ? [event.call] : [])))
  const calls = plan.flatMap((planned) =>
    'call' in planned && !asked.has(planned.call.call) ? [planned.call] : [],
  )
  if (calls.length > 0) {
    yield* say(intro, events)
    for (const call of calls) yield { type: 'tool', ...call }
    yield { type: 'end', reason: 'tools' }
    return
  }
  const judged = judgeRun(plan, outputsOf(events), vm)
  const told = events.flatMap((event) => (event.kind === 'finding' ? [`${event.probe} ${event.text}`] : []))
  for (const finding of judged.map(toFinding)) {
    if (!told.includes(`${finding.probe} ${finding.text}`)) yield { type: 'finding', ...finding }
  }
  yield* say(intro + summarise(judged, { preset, presets: runnable, target }), events)
  const checked = judged.some(({ probe, judgement }) => judgement.kind === 'checked' && probe !== 'reach')
  yield { type: 'end', reason: 'stop', ...(checked ? {} : { isError: true }) }
}

/** Yields what is not said yet of the whole text. What a model said before the runbook took over is not its own. */
function* say(text: string, events: SessionEvent[]): Generator<Part> {
  const own = events.slice(
    events.findLastIndex((event) => event.kind === 'notice' && event.again === true) + 1,
  )
  const said = own.flatMap((event) => (event.kind === 'text' ? [event.text] : [])).join('')
  const rest = text.startsWith(said) ? text.slice(said.length) : text
  if (rest !== '') yield { type: 'text', text: rest }
}

function outputsOf(events: SessionEvent[]): Map<string, ProbeOutput> {
  return new Map(
    events.flatMap((event) => (event.kind === 'tool_output' ? [[event.call, event] as const] : [])),
  )
}

/** The answer to a prompt that no preset fits: what there is. */
function offer({ preset, target }: StepRequest, runnable: Preset[], alone: string): string {
  const why =
    preset === undefined
      ? `${alone}, and no preset fits these words.`
      : `The preset ${preset} has nothing that can be run without a model.`
  if (runnable.length === 0) return `${why} No preset can be run${target === '' ? '' : ` on ${target}`}.`
  const list = runnable.map(({ label, description }) => `${label}: ${description}`)
  return `${why} What can be run without one is ${listText(
    runnable.map(({ label }) => label),
    12,
  )}.\n\n${list.join('\n')}`
}
