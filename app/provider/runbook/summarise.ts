import type { Preset } from '#app/schema/preset.ts'
import type { Checked, Judgement, Topic, Unchecked } from './Judgement.ts'
import type { Judged } from './judgeRun.ts'
import { compareLevels } from './levelOf.ts'
import { listText, nameText } from './wording.ts'

export interface SummaryContext {
  preset: Preset
  /** All presets that could be run next. */
  presets: Preset[]
  target: string
}

const topics: Topic[] = ['vm', 'reach', 'memory', 'disk', 'kernel', 'services', 'cpu', 'network', 'clock']
/** The preset, by its id, that looks further into a topic. */
const furtherPreset: Partial<Record<Topic, string>> = { memory: 'memory', disk: 'disk', services: 'services' }
const mostOthers = 4
const mostMissing = 6

/**
 * What a tired person needs, in plain sentences: what is wrong, worst first; what else; what to do next; what
 * could not be checked. A healthy machine gets one calm sentence with its figures.
 */
export function summarise(judged: Judged[], context: SummaryContext): string {
  const all = judged.map(({ judgement }) => judgement)
  const checked = all.filter((one): one is Checked => one.kind === 'checked')
  const troubles = checked.filter(({ level }) => level !== 'ok').sort(worseFirst)
  const [worst, ...others] = troubles
  const missing = all.filter((one): one is Unchecked => one.kind === 'unchecked')
  const paragraphs = worst
    ? [worst.text, elseText(others), nextText(troubles, context)]
    : [healthyText(checked, all[0], context)]
  return [...paragraphs, missingText(missing)].filter((text) => text !== '').join('\n\n')
}

function worseFirst(a: Checked, b: Checked): number {
  const byLevel = compareLevels(a.level, b.level) || topics.indexOf(a.topic) - topics.indexOf(b.topic)
  if (byLevel !== 0 || a.unit !== b.unit) return byLevel
  return typeof a.value === 'number' && typeof b.value === 'number' ? b.value - a.value : 0
}

function elseText(others: Checked[]): string {
  const more = others.length > mostOthers ? [`${others.length - mostOthers} more findings stand above.`] : []
  return [...others.slice(0, mostOthers).map(({ text }) => text), ...more].join(' ')
}

function nextText(troubles: Checked[], { preset, presets }: SummaryContext): string {
  const advice = troubles.find((one) => one.advice !== undefined)?.advice
  const further = troubles
    .map(({ topic }) => presets.find(({ id }) => id === furtherPreset[topic]))
    .find((one) => one !== undefined && one.id !== preset.id)
  const run = further ? [`Run ${further.label} to look further.`] : []
  const steps = [...(advice === undefined ? [] : [advice]), ...run]
  return steps.length === 0 ? '' : `Next: ${steps.join(' ')}`
}

/** A preset's first probe is what it is for: where that one found nothing out, the rest is no all-clear. */
function healthyText(checked: Checked[], first: Judgement | undefined, context: SummaryContext): string {
  const { label } = context.preset
  const on = context.target === '' ? '' : ` on ${nameText(context.target)}`
  if (checked.length === 0) return `${label} could check nothing${on}.`
  const named = listText(
    checked.flatMap(({ figure }) => figure ?? []),
    8,
  )
  const figures = named === '' ? '' : `: ${named}`
  if (first?.kind === 'unchecked')
    return `${label} could not check ${first.what}${on}; the rest shows no trouble${figures}.`
  return `${label} finds no trouble${on}${figures}.`
}

/** What is missed for one reason stands together before it. */
function missingText(missing: Unchecked[]): string {
  if (missing.length === 0) return ''
  const sorted = missing.toSorted((a, b) => Number(b.matters) - Number(a.matters))
  const byReason = [...Map.groupBy(sorted, ({ why }) => why)]
  const reasons = byReason.map(
    ([why, all]) =>
      `${listText(
        all.map(({ what }) => what),
        mostMissing,
      )} (${why})`,
  )
  return `Could not check ${listText(reasons, mostMissing)}.`
}
