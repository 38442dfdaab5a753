import { z } from 'zod'

/**
 * What the hypervisor's side prints for `status` (`app/power/host/breakglass-worker`). Tolerant: an older or
 * newer host side may leave out or add fields.
 */
const statusSchema = z.object({
  state: z.string(),
  wedged: z.boolean().nullish(),
  evidence: z.string().nullish(),
  locked: z.string().nullish(),
  busy: z.string().nullish(),
  uptime_s: z.number().nullish(),
})
export type PowerStatus = z.infer<typeof statusSchema>

/** The last line of JSON that holds a state, or null. */
export function parsePowerStatus(stdout: string): PowerStatus | null {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  for (const line of lines.reverse()) {
    try {
      const parsed = statusSchema.safeParse(JSON.parse(line))
      if (parsed.success) return parsed.data
    } catch {
      // Not JSON: what a verb prints may begin with a brace.
    }
  }
  return null
}
