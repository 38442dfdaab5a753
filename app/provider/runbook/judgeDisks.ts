import type { Thresholds } from '#app/schema/preset.ts'
import { classifyMount } from './classifyMount.ts'
import { filesystemsOf, type Filesystem } from './filesystems.ts'
import { checked, unchecked, type Checked, type Judgement, type ProbeOutput } from './Judgement.ts'
import { levelOf } from './levelOf.ts'
import { parseDf, parseDfErrors } from './parsers/parseDf.ts'
import { parseMounts, type Mount } from './parsers/parseMounts.ts'
import { parseSections } from './parsers/parseSections.ts'
import { listText, nameText, sizeText } from './wording.ts'
import { whyNot } from './whyNot.ts'

/**
 * Reads `/proc/mounts` and `/etc/fstab` (labelled by `head`), then `df -P /`, then `df -P`: where one dead network
 * filesystem hangs the last of them, `/` is judged all the same.
 */
export function judgeDisks(output: ProbeOutput, thresholds: Thresholds<'disks'>): Judgement[] {
  const sections = parseSections(output.stdout)
  const linesIn = (path: string) => sections.find((section) => section.path === path)?.lines ?? []
  const mounts = parseMounts(linesIn('/proc/mounts'))
  const filesystems = filesystemsOf(parseDf(output.stdout), mounts)
  const full = filesystems.flatMap((one) => judgeFull(one, thresholds))
  const wrong = [...judgeReadOnly(mounts, parseMounts(linesIn('/etc/fstab'))), ...judgeDead(output, mounts)]
  if (output.failed_leg === 'timeout') return [...full, ...wrong, hanging(mounts, full.length > 0)]
  if (full.length === 0) return [...wrong, unchecked('how full the disks are', whyNot(output), true)]
  return [...full, ...wrong]
}

function judgeFull(one: Filesystem, thresholds: Thresholds<'disks'>): Checked[] {
  if (one.usedPercent === null) return []
  const level = one.readOnly ? 'ok' : levelOf(one.usedPercent, thresholds.used_percent)
  // A healthy filesystem in memory is none of the machine's disks.
  if (one.kind === 'memory' && level === 'ok') return []
  const path = nameText(one.path)
  const free = `${sizeText(one.available)} free of ${sizeText(one.total)}`
  const kind = one.readOnly ? `${one.type}, read-only` : one.type
  return [
    checked({
      level,
      topic: 'disk',
      text: `${path} is ${one.usedPercent} % full, ${free} (${nameText(kind, 30)}).`,
      value: one.usedPercent,
      unit: '%',
      ...(one.path === '/' ? { figure: `/ ${one.usedPercent} % full` } : {}),
      ...(one.kind === 'memory' ? { advice: `What fills ${path} lies in memory: delete files there.` } : {}),
    }),
  ]
}

/** The kernel turns a disk that fails read-only; a filesystem that fstab wants writable has met that, or worse. */
function judgeReadOnly(mounts: Mount[], fstab: Mount[]): Checked[] {
  return mounts.flatMap((mount) => {
    if (classifyMount(mount.type) !== 'disk' || !mount.options.includes('ro')) return []
    const wanted = fstab.find(({ path }) => path === mount.path)
    const isWanted = wanted !== undefined && !wanted.options.includes('ro')
    const onErrors = wanted === undefined && mount.options.includes('errors=remount-ro')
    if (!isWanted && !onErrors) return []
    const why = isWanted ? 'though /etc/fstab wants it writable' : 'as it is set to be after an error'
    const text = `${nameText(mount.path)} is mounted read-only ${why}: nothing can be written there.`
    const advice = 'Look for disk errors in the kernel log before you mount it writable again.'
    return [checked({ level: 'crit', topic: 'disk', text, value: 'read-only', advice })]
  })
}

/** What `df` says of a network filesystem, or of any disk that answers with an error, in any language. */
function judgeDead(output: ProbeOutput, mounts: Mount[]): Checked[] {
  return parseDfErrors(output.stderr).flatMap(({ path, message }) => {
    const type = mounts.find((mount) => mount.path === path)?.type ?? ''
    const broken = /input\/output error/i.test(message)
    const denied = /permission denied|not permitted/i.test(message)
    if (!broken && (denied || (classifyMount(type) !== 'network' && !type.startsWith('fuse')))) return []
    const text = `${nameText(path)} does not answer: ${nameText(message)}.`
    return [checked({ level: broken ? 'crit' : 'warn', topic: 'disk', text, value: nameText(message) })]
  })
}

function hanging(mounts: Mount[], some: boolean): Judgement {
  const remote = mounts.filter(({ type }) => classifyMount(type) === 'network')
  const names = listText(remote.map(({ path, device }) => `${nameText(path)} from ${nameText(device)}`))
  const why = names === '' ? 'df did not answer in time' : `df did not answer in time; look at ${names}`
  return unchecked(some ? 'the other disks' : 'how full the disks are', why, true)
}
