import type { Thresholds } from '#app/schema/preset.ts'
import { filesystemsOf } from './filesystems.ts'
import { checked, unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseDf } from './parsers/parseDf.ts'
import { parseMounts } from './parsers/parseMounts.ts'
import { linesOf } from './parsers/linesOf.ts'
import { nameText } from './wording.ts'
import { whyNot } from './whyNot.ts'

/** Reads `/proc/mounts` and `df -Pi`: one judgement for the fullest, and one for each other that is too full. */
export function judgeInodes(output: ProbeOutput, thresholds: Thresholds<'inodes'>): Judgement[] {
  const filesystems = filesystemsOf(parseDf(output.stdout), parseMounts(linesOf(output.stdout)))
    .flatMap((one) =>
      one.usedPercent === null || one.readOnly ? [] : [{ path: one.path, percent: one.usedPercent }],
    )
    .sort((a, b) => b.percent - a.percent)
  if (filesystems.length === 0) return [unchecked('the inodes', whyNot(output))]
  return filesystems.flatMap(({ path, percent }, at) => {
    const level = levelOf(percent, thresholds.used_percent)
    if (level === 'ok' && at > 0) return []
    const name = nameText(path)
    const text =
      level === 'ok'
        ? `Inodes: at most ${percent} % used, on ${name}.`
        : `${name} has used ${percent} % of its inodes: soon no file can be created, however much space is free.`
    const advice = 'Look for a folder with very many small files.'
    return [checked({ level, topic: 'disk', text, value: percent, unit: '%', advice })]
  })
}
