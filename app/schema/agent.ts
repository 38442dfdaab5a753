import { z } from 'zod'

/** The front matter of a file in `agents/`, such as `breakglass.md`. */
export const agentFileSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and "-", at most 32'),
  description: z.string().min(1).max(200),
  /** A provider's name or a model's id; absent: the first provider. */
  model: z.string().min(1).max(128).optional(),
  /** Tools by name; others do not exist for this agent. */
  tools: z.array(z.string().min(1)).min(1),
  /** Names of the targets that it works on; absent: all. */
  targets: z.array(z.string().min(1)).min(1).optional(),
})

/** An agent: its front matter, and the text below it as the model's instructions. */
export type Agent = z.infer<typeof agentFileSchema> & { instructions: string }
