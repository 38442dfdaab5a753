import type { Thresholds } from '#app/schema/preset.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseDeleted } from './parsers/parseDeleted.ts'
import { parseSizes } from './parsers/parseSizes.ts'
import { count, nameText, sizeText } from './wording.ts'
import { whyNot } from './whyNot.ts'

const shown = 5

/** The largest folders: no trouble by themselves, and where to begin when a disk is full. */
export function judgeSizes(output: ProbeOutput): Judgement[] {
  const folders = parseSizes(output.stdout)
  const [first] = folders
  const late = output.failed_leg === 'timeout'
  if (!first) return [unchecked('what takes the space', late ? 'counting took too long' : whyNot(output))]
  const list = folders.slice(0, shown).map(({ path, kb }) => `${nameText(path)} ${sizeText(kb)}`)
  const part = late ? ' (counting took too long: more may be missing)' : ''
  const text = `Largest folders: ${list.join(', ')}${part}.`
  return [checked({ level: 'ok', topic: 'disk', text, value: Math.round(first.kb / 1024), unit: 'MB' })]
}

/** Files that were deleted and are still open take space that no `du` finds. */
export function judgeDeleted(output: ProbeOutput, thresholds: Thresholds<'deleted'>): Judgement[] {
  if (output.exit_code === null || output.exit_code > 1)
    return [unchecked('deleted files that are still open', whyNot(output))]
  const files = parseDeleted(output.stdout)
  const mb = Math.round(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1024 ** 2)
  const level = levelOf(mb, thresholds.size_mb)
  const [largest] = files
  const most = largest
    ? `, most by ${nameText(largest.process, 40)} (pid ${largest.pid}): ${nameText(largest.name)} ${sizeText(largest.bytes / 1024)}`
    : ''
  const text = `${count(files.length, 'deleted file')} still open, ${mb} MB in all${most}.`
  const advice = largest && `The space comes back when ${nameText(largest.process, 40)} is restarted.`
  return [
    checked({
      level,
      topic: 'disk',
      text,
      value: mb,
      unit: 'MB',
      ...(advice === undefined ? {} : { advice }),
    }),
  ]
}
