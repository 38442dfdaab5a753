import type { ShellProbe } from '#app/schema/preset.ts'
import { judgeAnswers } from './judgeAnswers.ts'
import { judgeCgroups } from './judgeCgroups.ts'
import { judgeClock } from './judgeClock.ts'
import { judgeCpu } from './judgeCpu.ts'
import { judgeDisks } from './judgeDisks.ts'
import { judgeInodes } from './judgeInodes.ts'
import { judgeKernel } from './judgeKernel.ts'
import { judgeLimits } from './judgeLimits.ts'
import { judgeMemory } from './judgeMemory.ts'
import { judgeLookup, judgeRoutes } from './judgeNetwork.ts'
import { judgeOom } from './judgeOom.ts'
import { judgePressure } from './judgePressure.ts'
import { judgeProcesses } from './judgeProcesses.ts'
import { judgeDeleted, judgeSizes } from './judgeSpace.ts'
import { judgeUnits } from './judgeUnits.ts'
import { unchecked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { whyNot } from './whyNot.ts'

/** What a time-out means is theirs to say: half an answer tells them something, or the time itself does. */
const ownTimeouts = new Set<ShellProbe['parser']>(['disks', 'sizes', 'lookup'])

/** Judges what one probe's command answered. Never empty, never throws. */
export function judgeProbe(probe: ShellProbe, output: ProbeOutput): Judgement[] {
  const { failed_leg } = output
  const timedOut = failed_leg === 'timeout'
  if (failed_leg !== undefined && !timedOut) return [unchecked(probe.title, whyNot(output), true)]
  if (!timedOut || ownTimeouts.has(probe.parser)) return judgeOutput(probe, output)
  // Of half an answer only the bad news is sure.
  const sure = judgeOutput(probe, output).filter((one) => one.kind === 'checked' && one.level !== 'ok')
  return [...sure, unchecked(probe.title, whyNot(output), true)]
}

function judgeOutput(probe: ShellProbe, output: ProbeOutput): Judgement[] {
  switch (probe.parser) {
    case 'cpu':
      return judgeCpu(output, probe.thresholds)
    case 'pressure':
      return judgePressure(output, probe.thresholds)
    case 'memory':
      return judgeMemory(output, probe.thresholds)
    case 'processes':
      return judgeProcesses(output, probe.thresholds)
    case 'disks':
      return judgeDisks(output, probe.thresholds)
    case 'inodes':
      return judgeInodes(output, probe.thresholds)
    case 'kernel':
      return judgeKernel(output, probe.thresholds)
    case 'oom':
      return judgeOom(output)
    case 'units':
      return judgeUnits(output, probe.thresholds)
    case 'clock':
      return judgeClock(output, probe.thresholds)
    case 'limits':
      return judgeLimits(output, probe.thresholds)
    case 'routes':
      return judgeRoutes(output)
    case 'lookup':
      return judgeLookup(output, probe.thresholds)
    case 'cgroups':
      return judgeCgroups(output, probe.thresholds)
    case 'sizes':
      return judgeSizes(output)
    case 'deleted':
      return judgeDeleted(output, probe.thresholds)
    case 'answers':
      return judgeAnswers(output)
  }
}
