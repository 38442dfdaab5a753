import { z } from 'zod'

/** From `warn` on it is worth a look, from `crit` on it is trouble; both inclusive. */
const levels = (warn: number, crit: number) =>
  z
    .strictObject({
      warn: z.number().nonnegative().default(warn),
      crit: z.number().nonnegative().default(crit),
    })
    .refine((level) => level.warn <= level.crit, '`warn` must not lie above `crit`')
    .prefault({})
export interface Threshold {
  warn: number
  crit: number
}

const id = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and "-", at most 32')

const probe = {
  id,
  /** What is looked at, as it completes "Could not check …". */
  title: z.string().min(1).max(80),
}

/** A probe that runs a command: on the session's target, or on the guest of the VM that the preset is about. */
const shell = <P extends string, T extends z.ZodType>(parser: P, thresholds: T) =>
  z.strictObject({
    ...probe,
    timeout_s: z.number().min(1).max(60).default(8),
    command: z
      .string()
      .min(1)
      .max(2000)
      .regex(/^[^\r\n\0]+$/, 'one line'),
    on: z.enum(['target', 'guest']).default('target'),
    parser: z.literal(parser),
    thresholds,
  })

/** One of a runbook's probes. The parser knows what its command prints and which figures it judges. */
export const probeSchema = z.discriminatedUnion('parser', [
  shell(
    'cpu',
    z
      .strictObject({
        busy_percent: levels(95, 99),
        load_per_core: levels(4, 16),
        iowait_percent: levels(60, 90),
        steal_percent: levels(25, 60),
      })
      .prefault({}),
  ),
  shell(
    'pressure',
    z
      .strictObject({
        memory_percent: levels(10, 40),
        io_percent: levels(60, 90),
      })
      .prefault({}),
  ),
  shell(
    'memory',
    z.strictObject({ used_percent: levels(90, 97), swap_mb_per_s: levels(5, 50) }).prefault({}),
  ),
  shell('processes', z.strictObject({ blocked: levels(2, 10), zombies: levels(50, 500) }).prefault({})),
  shell('disks', z.strictObject({ used_percent: levels(85, 95) }).prefault({})),
  shell('inodes', z.strictObject({ used_percent: levels(85, 95) }).prefault({})),
  shell('kernel', z.strictObject({ segfaults_per_h: levels(20, 200) }).prefault({})),
  shell('oom', z.strictObject({}).prefault({})),
  shell('units', z.strictObject({ failed: levels(1, 5) }).prefault({})),
  shell('clock', z.strictObject({ offset_s: levels(5, 60) }).prefault({})),
  shell('limits', z.strictObject({ used_percent: levels(80, 95) }).prefault({})),
  shell('routes', z.strictObject({}).prefault({})),
  shell('lookup', z.strictObject({ lookup_ms: levels(2000, 4000) }).prefault({})),
  shell('cgroups', z.strictObject({ used_percent: levels(90, 98) }).prefault({})),
  shell('sizes', z.strictObject({}).prefault({})),
  shell('deleted', z.strictObject({ size_mb: levels(1024, 10240) }).prefault({})),
  shell('answers', z.strictObject({}).prefault({})),
  /** The verb `status` of the VM that holds the session's target, else of the default VM. */
  z.strictObject({ ...probe, power: z.literal('status'), parser: z.literal('power') }),
])
export type Probe = z.infer<typeof probeSchema>
export type ShellProbe = Extract<Probe, { command: string }>
export type ParserName = Probe['parser']
export type Thresholds<P extends ShellProbe['parser']> = Extract<ShellProbe, { parser: P }>['thresholds']

/** The front matter of a file in `agents/presets/`. */
export const presetFileSchema = z.strictObject({
  id,
  label: z.string().min(1).max(40),
  /** The name of a drawing that the UI knows; it shows a neutral one for others. */
  icon: id,
  description: z.string().min(1).max(200),
  /** Presets are shown by ascending order. */
  order: z.int().default(100),
  /** Names of the targets that it can run on; absent: all. */
  targets: z.array(z.string().min(1)).min(1).optional(),
  /** Words, lower-case, by which a free prompt finds this preset when there is no model. */
  keywords: z.array(z.string().regex(/^[^A-Z]+$/, 'lower-case')).default([]),
  /** What a model is asked. */
  prompt: z.string().min(1),
  runbook: z
    .strictObject({
      probes: z
        .array(probeSchema)
        .min(1)
        .max(24)
        .refine(
          (probes) => new Set(probes.map((one) => one.id)).size === probes.length,
          'two probes share an id',
        ),
    })
    .optional(),
})

/** A preset: its front matter, and the text below it as guidance for a model. */
export type Preset = z.infer<typeof presetFileSchema> & { guidance: string }
