import { AppError } from '#app/errors.ts'
import type { PromptBody } from '#app/schema/api.ts'

export interface PromptChoices {
  /** Presets with the targets that each can run on. */
  presets: { id: string; label: string; targets: string[] }[]
  targets: string[]
  agents: string[]
  models: string[]
}

export interface Prompt {
  text: string
  preset?: string
  model?: string
  target?: string
}

/**
 * Checks what a prompt says by itself; every refusal names what is allowed. A preset without words is shown by its
 * label.
 */
export function promptOf(body: PromptBody, choices: PromptChoices): Prompt {
  assertKnown(
    'preset',
    body.preset,
    choices.presets.map(({ id }) => id),
  )
  assertKnown('target', body.target, choices.targets)
  assertKnown('model', body.model, choices.models)
  const label = choices.presets.find(({ id }) => id === body.preset)?.label
  const text = body.prompt?.trim() || label
  if (text === undefined)
    throw new AppError('bad_request', 'Say something, or name a preset: both are missing.', {
      path: 'prompt',
    })
  return {
    text,
    ...(body.preset === undefined ? {} : { preset: body.preset }),
    ...(body.model === undefined ? {} : { model: body.model }),
    ...(body.target === undefined ? {} : { target: body.target }),
  }
}

/** Throws unless the prompt's preset, if it names one, runs on its target, or else on the session's. */
export function assertRunsOn({ preset: id, target }: Prompt, own: string, { presets }: PromptChoices): void {
  const preset = presets.find((one) => one.id === id)
  const on = target ?? own
  if (preset === undefined || preset.targets.includes(on)) return
  throw new AppError(
    'bad_request',
    `The preset ${preset.label} does not run on ${on === '' ? 'no target' : on}.`,
    { path: 'target', allowed: preset.targets },
  )
}

/** Throws a sentence that names what is allowed unless `found` is among it; undefined asks for nothing. */
export function assertKnown(what: string, found: string | undefined, allowed: string[]): void {
  if (found === undefined || allowed.includes(found)) return
  const list = allowed.length === 0 ? 'none is configured' : `there is ${allowed.join(', ')}`
  throw new AppError('bad_request', `There is no ${what} ${JSON.stringify(found)}: ${list}.`, {
    path: what,
    allowed,
  })
}
